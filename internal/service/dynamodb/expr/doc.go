// Package expr parses and evaluates DynamoDB expressions: condition, filter,
// key condition, projection and update. The legacy parameters that came before
// expressions (Expected, QueryFilter, ScanFilter, KeyConditions,
// AttributeUpdates, AttributesToGet) are compiled to the same types. It works
// on values only: tables, requests, storage and billing are not its business.
// Called by service/dynamodb.
//
// An expression is parsed once per request and then applied to any number of
// items. Everything parsed aliases the request: the text, the names and the
// values given to NewScope must not change as long as it is used. Parsed
// expressions are immutable and safe for concurrent use; a Scope is not.
package expr
