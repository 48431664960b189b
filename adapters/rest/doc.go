// Package rest serves the public API as plain HTTP and JSON under /api/v1.
//
// There is no route table and no message type here: routes come from the
// google.api.http annotations of the proto files, bodies and parameters are read by
// the descriptors of the messages, and every call ends in the Connect handler of the
// same procedure, in this process, so that authentication, policy, validation and
// tracing are passed once and in one place. What this room adds is the manner of
// plain HTTP: PascalCase JSON with nothing left out, exact statuses, problems of
// RFC 9457, and the OpenAPI description made from the same descriptors.
//
// The room may touch the standard library, core/fault, the generated messages of
// proto/gen/kohomai and the protobuf runtime. It knows no other adapter: the Connect
// handler and the YAML reader are given to it.
package rest
