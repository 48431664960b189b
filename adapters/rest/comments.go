package rest

import (
	_ "embed" // proto.binpb
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// The descriptors with their comments, which generated Go code does not carry. Written
// by `make gen`.
//
//go:embed proto.binpb
var describedFiles []byte

// comments are the leading comments of the proto files by full name.
type comments map[string]string

func readComments() (comments, error) {
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(describedFiles, &set); err != nil {
		return nil, fmt.Errorf("rest: reading the described files: %w", err)
	}
	all := make(comments)
	for _, file := range set.GetFile() {
		for _, place := range file.GetSourceCodeInfo().GetLocation() {
			if name := nameAt(file, place.GetPath()); name != "" && place.GetLeadingComments() != "" {
				all[name] = flow(place.GetLeadingComments())
			}
		}
	}
	return all, nil
}

// nameAt is the full name of what stands at a path of source information: messages (4),
// their fields (2), enums (5) and their values (2), services (6) and their methods (2).
func nameAt(file *descriptorpb.FileDescriptorProto, at []int32) string {
	if len(at) != 2 && len(at) != 4 || len(at) == 4 && at[2] != 2 {
		return ""
	}
	i := int(at[1])
	var name, inner string
	switch at[0] {
	case 4:
		m := file.GetMessageType()[i]
		name = m.GetName()
		if len(at) == 4 {
			inner = m.GetField()[at[3]].GetName()
		}
	case 5:
		e := file.GetEnumType()[i]
		name = e.GetName()
		if len(at) == 4 {
			inner = e.GetValue()[at[3]].GetName()
		}
	case 6:
		s := file.GetService()[i]
		name = s.GetName()
		if len(at) == 4 {
			inner = s.GetMethod()[at[3]].GetName()
		}
	default:
		return ""
	}
	name = file.GetPackage() + "." + name
	if inner != "" {
		name += "." + inner
	}
	return name
}

// flow joins the lines of a comment's paragraphs; an empty line parts paragraphs.
func flow(comment string) string {
	var paragraphs []string
	for p := range strings.SplitSeq(strings.TrimSpace(comment), "\n\n") {
		paragraphs = append(paragraphs, strings.Join(strings.Fields(p), " "))
	}
	return strings.Join(paragraphs, "\n\n")
}
