package sigv4

import "time"

const (
	skewDefault         = 15 * time.Minute   // AWS: DynamoDB, STS, IAM; beyond it the signature has expired
	presignedExpiresMax = 7 * 24 * time.Hour // AWS; beyond it IncompleteSignatureException

	accessKeyLenMax = 128 // AWS (IAM); beyond it the key is unknown
	regionLenMax    = 63  // ours, a DNS label; beyond it the region is not valid

	headerNameBytesMax = 128  // ours; a signed header with a longer name counts as absent
	signingKeysMax     = 1024 // ours; when as many are cached, the cache starts anew
)
