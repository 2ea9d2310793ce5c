package awstest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Trail is an event history of CloudTrail by Region, which moto does not have.
// Its answers are HAND-WRITTEN after the CloudTrail API Reference (LookupEvents)
// and the Account Management Reference Guide (ListRegions), not recorded.
type Trail struct {
	Enabled []string            // Regions
	Events  map[string][]string // by Region, the newest first: CloudTrail records
}

// lookUp answers LookupEvents: the events that name the resource, in pages.
func (t *Trail) lookUp(region string, body []byte) []byte {
	var asked struct {
		StartTime, EndTime float64
		LookupAttributes   []struct{ AttributeKey, AttributeValue string }
		MaxResults         int
		NextToken          string
	}
	if err := json.Unmarshal(body, &asked); err != nil || len(asked.LookupAttributes) != 1 || asked.LookupAttributes[0].AttributeKey != "ResourceName" {
		return []byte(`{"__type":"InvalidLookupAttributesException","message":"one attribute, ResourceName"}`)
	}
	type event struct {
		EventId, CloudTrailEvent string
		EventTime                float64
	}
	found := []event{}
	for _, record := range t.Events[region] {
		var read struct {
			EventID   string
			EventTime time.Time
		}
		if err := json.Unmarshal([]byte(record), &read); err != nil {
			found = append(found, event{CloudTrailEvent: record})
			continue
		}
		at := float64(read.EventTime.Unix())
		if strings.Contains(record, strconv.Quote(asked.LookupAttributes[0].AttributeValue)) && asked.StartTime <= at && at <= asked.EndTime {
			found = append(found, event{read.EventID, record, at})
		}
	}
	begin, _ := strconv.Atoi(asked.NextToken)
	end := min(begin+asked.MaxResults, len(found))
	answer := map[string]any{"Events": found[min(begin, end):end]}
	if end < len(found) {
		answer["NextToken"] = fmt.Sprint(end)
	}
	text, _ := json.Marshal(answer)
	return text
}

// listRegions answers ListRegions.
func (t *Trail) listRegions() []byte {
	type region struct{ RegionName, RegionOptStatus string }
	listed := []region{}
	for _, name := range t.Enabled {
		listed = append(listed, region{name, "ENABLED_BY_DEFAULT"})
	}
	text, _ := json.Marshal(map[string]any{"Regions": listed})
	return text
}
