package dynamodb

import (
	"context"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// taggedTable returns the table that a tag operation names. A resource that is
// no ARN at all is refused before a missing list of the operation's own, one
// that is an ARN of something else after it.
func taggedTable(ctx context.Context, resource wire.Opt[string], listMember string, hasList bool) (tableRef, error) {
	caller := wire.CallerFrom(ctx)
	arn := resource.Value
	if !resource.Set || arn == "" {
		return tableRef{}, invalid("Invalid TableArn")
	}
	if strings.Count(arn, ":") < 5 || !strings.Contains(arn, "/") {
		return tableRef{}, accessDenied(caller, arn)
	}
	if listMember != "" && !hasList {
		return tableRef{}, enveloped("Value null at '" + listMember + "' failed to satisfy constraint: Member must not be null")
	}
	ref, ok := parseTableARN(arn)
	if !ok {
		return tableRef{}, invalid("Invalid TableArn: Invalid ResourceArn provided as input " + arn)
	}
	if ref.account != caller.Account {
		return tableRef{}, accessDenied(caller, arn)
	}
	if ref.region != caller.Region {
		return tableRef{}, taggedNotFound(ref)
	}
	return ref, nil
}

// accessDenied is the refusal of a resource that is not the caller's.
func accessDenied(caller *wire.Caller, resource string) error {
	return &wire.Error{
		Code: "AccessDeniedException", Namespace: "com.amazon.coral.service", Status: http.StatusBadRequest,
		MessageMember: "Message",
		Message: "User: arn:aws:iam::" + caller.Account + ":root is not authorized to perform: dynamodb:" +
			caller.Operation + " on resource: " + resource,
	}
}

// mergeTags returns tags with those of a request added or replaced.
func mergeTags(tags []schema.Tag, in []*api.Tag) ([]schema.Tag, error) {
	merged := append([]schema.Tag(nil), tags...)
	for _, t := range in {
		tag := schema.Tag{Key: strings.Clone(t.Key.Value), Value: strings.Clone(t.Value.Value)}
		if err := checkTag(tag); err != nil {
			return nil, err
		}
		if i := tagIndex(merged, tag.Key); i >= 0 {
			merged[i] = tag
		} else {
			merged = append(merged, tag)
		}
	}
	if len(merged) > schema.TagsMax {
		return nil, invalid("Too many tags: a table can have at most 50 tags")
	}
	return merged, nil
}

func tagIndex(tags []schema.Tag, key string) int {
	for i := range tags {
		if tags[i].Key == key {
			return i
		}
	}
	return -1
}

// checkTag refuses the keys that AWS keeps for itself, and characters that a
// tag may not have.
func checkTag(tag schema.Tag) error {
	if strings.HasPrefix(strings.ToLower(tag.Key), "aws:") {
		return invalid("One or more parameter values were invalid: Tag keys starting with 'aws:' are reserved for system use")
	}
	if !taggable(tag.Key) || !taggable(tag.Value) {
		return invalid("One or more parameter values were invalid: Tag keys and values may only contain letters, digits, whitespace and + - = . _ : / @")
	}
	return nil
}

func taggable(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsSpace(r) && !strings.ContainsRune("+-=._:/@", r) {
			return false
		}
	}
	return true
}

// changeTags replaces a table's tags.
func (s *Service) changeTags(ctx context.Context, ref tableRef, notFound error, change func([]schema.Tag) ([]schema.Tag, error)) error {
	return s.catalog.change(ctx, ref, func(_ *kv.Tx, t *schema.Table) (*schema.Table, error) {
		if t == nil {
			return nil, notFound
		}
		tags, err := change(t.Tags)
		if err != nil {
			return nil, err
		}
		after := *t
		after.Tags = tags
		return &after, nil
	})
}

func taggedNotFound(ref tableRef) error {
	return api.ResourceNotFoundException("Requested resource not found: ResourcArn: " + // sic
		schema.TableARN(ref.region, ref.account, ref.name) + " not found")
}
