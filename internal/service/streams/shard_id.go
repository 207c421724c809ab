package streams

import (
	"fmt"
	"strconv"
	"strings"
)

// A shard's id, in AWS's form:
//
//	shardId-00000001414576573621-0000002a
//	        milliseconds of 1970 number
//
// The time is that of the shard's creation, the number its own in the table's
// journal. Ids rise with both: parents sort before their children.
const (
	shardIDPrefix     = "shardId-"
	shardIDTimeLen    = 20
	shardIDNumberLen  = 8
	shardIDLen        = len(shardIDPrefix) + shardIDTimeLen + 1 + shardIDNumberLen
	shardIDHexDigits  = "0123456789abcdef"
	shardIDHyphenAt   = len(shardIDPrefix) + shardIDTimeLen
	shardIDNumberBase = 16
)

// shardID returns the id of a shard.
func shardID(createdAt int64, number uint32) string {
	return fmt.Sprintf("%s%020d-%08x", shardIDPrefix, createdAt, number)
}

// parseShardID takes an id apart; ok is false for what shardID does not return.
func parseShardID(id string) (createdAt int64, number uint32, ok bool) {
	if len(id) != shardIDLen || !strings.HasPrefix(id, shardIDPrefix) || id[shardIDHyphenAt] != '-' {
		return 0, 0, false
	}
	digits, hex := id[len(shardIDPrefix):shardIDHyphenAt], id[shardIDHyphenAt+1:]
	if strings.Trim(digits, "0123456789") != "" || strings.Trim(hex, shardIDHexDigits) != "" {
		return 0, 0, false
	}
	createdAt, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	wide, err := strconv.ParseUint(hex, shardIDNumberBase, 32)
	return createdAt, uint32(wide), err == nil
}
