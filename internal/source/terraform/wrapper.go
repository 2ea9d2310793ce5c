package terraform

func (r *reader) described(written, version string) *directory { return nil }
