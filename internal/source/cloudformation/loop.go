package cloudformation

import (
	"strings"

	"countersign/internal/source/template"
	"countersign/trust"
)

// forEach begins the keys of loops (AWS::LanguageExtensions, "Fn::ForEach").
const forEach = "Fn::ForEach::"

// eachResource visits a resource, or those that a loop makes.
func (t *evaluator) eachResource(key, value trust.Value, visit func(key, value trust.Value) error) error {
	if strings.HasPrefix(key.Text, forEach) {
		t.steps = maxSteps
		return t.loop(key, value, visit)
	}
	return visit(key, value)
}

// loop visits what Fn::ForEach makes: [variable, list, {key: value}]. A list
// that is not known has one item, which is not known either.
func (t *evaluator) loop(key, value trust.Value, visit func(key, value trust.Value) error) error {
	if value.Kind != trust.Array || len(value.Items) != 3 || value.Items[0].Kind != trust.String {
		t.out.Tell(t.place.Path, template.Fault(key.Range, "it reads [variable, list, {key: value}]", "a malformed %s", key.Text))
		return nil
	}
	name := value.Items[0].Text
	above, around := t.assumed, t.assumedLoops
	t.assumed = false
	list := t.evaluate(value.Items[1])
	t.assumedLoops = around || t.assumed
	t.assumed = above || t.assumed
	defer func() { t.assumedLoops = around }()
	if list.Kind != trust.Array {
		list = trust.Value{Kind: trust.Array, Items: []trust.Value{
			unknown(orName(dependsOn(list), "the list of "+key.Text), value.Items[1].Range),
		}}
	}
	before, shadowed := t.loops[name]
	if t.loops == nil {
		t.loops = map[string]trust.Value{}
	}
	defer func() {
		if delete(t.loops, name); shadowed {
			t.loops[name] = before
		}
	}()
	for _, item := range list.Items {
		for _, m := range value.Items[2].Members {
			if t.instances++; t.instances > maxInstances {
				t.sayStopped(key.Range, "its loops make more than 100,000 resources")
				return nil
			}
			t.loops[name] = item
			if err := t.turn(m.Key, m.Value, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// turn visits one entry of one turn of a loop.
func (t *evaluator) turn(key, value trust.Value, visit func(key, value trust.Value) error) error {
	if !strings.HasPrefix(key.Text, forEach) {
		return visit(t.plainText(key), value)
	}
	if !t.enter() {
		return nil
	}
	defer t.leave()
	return t.loop(key, value, visit)
}

// sayStopped says, once for a file, that a bound has been reached.
func (t *evaluator) sayStopped(at trust.Range, reason string) {
	if !t.stopped {
		t.stopped = true
		t.out.Tell(t.place.Path, template.Fault(at, "what is behind this place has not been read", "%s", reason))
	}
}
