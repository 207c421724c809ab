package streams

import (
	"net/http"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodbstreams"
	"github.com/gramme-db/gramme/internal/wire"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// These are AWS's words, recorded from clients.

func streamNotFound(arn string) error {
	return api.ResourceNotFoundException("Requested resource not found: Stream: " + arn + " not found")
}

func shardNotFound() error {
	return api.ResourceNotFoundException("Requested resource not found: Shard does not exist")
}

func iteratorExpired() error {
	return api.ExpiredIteratorException("Shard iterator has expired")
}

func trimmed() error {
	return api.TrimmedDataAccessException("The data you are trying to access has been trimmed")
}

// accessDenied is the answer to a request for somebody else's stream.
func accessDenied(caller *wire.Caller, arn string) error {
	return &wire.Error{
		Code: "AccessDeniedException", Namespace: "com.amazon.coral.service", Status: http.StatusBadRequest,
		MessageMember: "Message",
		Message: "User: arn:aws:iam::" + caller.Account + ":root is not authorized to perform: dynamodb:" +
			caller.Operation + " on resource: " + arn,
	}
}

// What AWS answers here has not been recorded: the kinds of these errors are
// what its documentation says, or the likeliest, and the words are ours.

func tooManyRecords() error {
	return api.LimitExceededException("Limit must not be greater than 1000")
}

func invalidARN(arn string) error {
	return awsjson.Validation("Invalid StreamArn: Invalid ResourceArn provided as input " + arn)
}

func invalidShardID(member, id string) error {
	return awsjson.Validation("Invalid " + member + ": " + id)
}

func invalidIterator() error {
	return awsjson.Validation("Invalid ShardIterator")
}

func invalidSequenceNumber(number string) error {
	return awsjson.Validation("Invalid SequenceNumber: " + number + " is not of this shard")
}

func missing(member, iteratorType string) error {
	return awsjson.Validation(member + " is required when ShardIteratorType is " + iteratorType)
}

func surplus(member, iteratorType string) error {
	return awsjson.Validation(member + " must not be specified when ShardIteratorType is " + iteratorType)
}

func inTheFuture(now time.Time) error {
	return awsjson.Validation("Timestamp must not be in the future; it is " + now.UTC().Format(time.RFC3339) + " now")
}

func incompleteFilter() error {
	return awsjson.Validation("ShardFilter must have both a Type and a ShardId")
}
