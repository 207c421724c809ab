package bench

import "strconv"

// The attributes of an item:
//
//	pk  "c0000000012"  the collection
//	sk  "7"            the item in it
//	g1  ...            the partition key of an index, if there is one
//	u   a short stamp  what UpdateItem changes
//	v   a long stamp
const (
	longName  = "v"
	shortName = "u"
)

// shape is what all items and requests of a table have in common.
type shape struct {
	table   string
	size    int // of an item, as DynamoDB counts
	indexes int
	filler  []byte
}

func (s *shape) longStampBytes() int {
	const names = len("pk") + len("sk") + len(longName) + len(shortName)
	const keys = 11 + 1
	indexKeys := 0
	for index := range s.indexes {
		indexKeys += len(appendIndexKey(nil, index)) + 9
	}
	return s.size - names - keys - indexKeys - shortStampBytes
}

func (s *shape) appendTable(dst []byte) []byte {
	return append(append(append(dst, `"TableName":"`...), s.table...), '"')
}

// appendKey appends the key of an item, without the braces.
func appendKey(dst []byte, item int64) []byte {
	dst = appendCollection(append(dst, `"pk":{"S":"`...), item/collectionItems)
	dst = append(dst, `"},"sk":{"S":"`...)
	dst = strconv.AppendInt(dst, item%collectionItems, 10)
	return append(dst, `"}`...)
}

func appendCollection(dst []byte, collection int64) []byte {
	return appendPadded(append(dst, 'c'), uint64(collection), 10, 10)
}

// appendItem appends an item.
func (s *shape) appendItem(dst []byte, item int64, version uint64) []byte {
	dst = appendKey(append(dst, '{'), item)
	for index := range s.indexes {
		dst = append(append(appendIndexKey(append(dst, ',', '"'), index), `":{"S":"`...), 'g')
		dst = appendPadded(dst, uint64(scatter(item+int64(index), 10_000_000)), 10, 8)
		dst = append(dst, `"}`...)
	}
	dst = append(dst, `,"`+shortName+`":{"S":"`...)
	dst = appendStamp(dst, item, version, shortStampBytes, s.filler)
	dst = append(dst, `"},"`+longName+`":{"S":"`...)
	dst = appendStamp(dst, item, version, s.longStampBytes(), s.filler)
	return append(dst, `"}}`...)
}

// appendIndexKey appends the name of the attribute that an index has its items by.
func appendIndexKey(dst []byte, index int) []byte {
	return strconv.AppendInt(append(dst, 'g'), int64(index+1), 10)
}

// appendOne names one item: the body of GetItem, and of DeleteItem.
func (s *shape) appendOne(dst []byte, item int64) []byte {
	dst = append(s.appendTable(append(dst, '{')), `,"Key":{`...)
	return append(appendKey(dst, item), `}}`...)
}

func (s *shape) appendPut(dst []byte, item int64, version uint64) []byte {
	dst = append(s.appendTable(append(dst, '{')), `,"Item":`...)
	return append(s.appendItem(dst, item, version), '}')
}

func (s *shape) appendUpdate(dst []byte, item int64, version uint64) []byte {
	dst = append(s.appendTable(append(dst, '{')), `,"Key":{`...)
	dst = appendKey(dst, item)
	dst = append(dst, `},"UpdateExpression":"SET `+shortName+` = :u","ExpressionAttributeValues":{":u":{"S":"`...)
	dst = appendStamp(dst, item, version, shortStampBytes, s.filler)
	return append(dst, `"}}}`...)
}

// appendQuery asks for the items of a collection from item on.
func (s *shape) appendQuery(dst []byte, item int64) []byte {
	dst = append(s.appendTable(append(dst, '{')), `,"KeyConditionExpression":"pk = :p AND sk >= :s","ExpressionAttributeValues":{":p":{"S":"`...)
	dst = appendCollection(dst, item/collectionItems)
	dst = append(dst, `"},":s":{"S":"`...)
	dst = strconv.AppendInt(dst, item%collectionItems, 10)
	return append(dst, `"}}}`...)
}

// appendScan asks for the page that follows an item.
func (s *shape) appendScan(dst []byte, after int64, limit int) []byte {
	dst = append(s.appendTable(append(dst, '{')), `,"Limit":`...)
	dst = append(strconv.AppendInt(dst, int64(limit), 10), `,"ExclusiveStartKey":{`...)
	return append(appendKey(dst, after), `}}`...)
}

func (s *shape) appendBatchGet(dst []byte, items []int64) []byte {
	dst = append(append(append(dst, `{"RequestItems":{"`...), s.table...), `":{"Keys":[`...)
	for i, item := range items {
		dst = append(appendKey(append(comma(dst, i), '{'), item), '}')
	}
	return append(dst, `]}}}`...)
}

func (s *shape) appendBatchWrite(dst []byte, items []int64, version uint64) []byte {
	dst = append(append(append(dst, `{"RequestItems":{"`...), s.table...), `":[`...)
	for i, item := range items {
		dst = append(comma(dst, i), `{"PutRequest":{"Item":`...)
		dst = append(s.appendItem(dst, item, version), `}}`...)
	}
	return append(dst, `]}}`...)
}

func (s *shape) appendTransactGet(dst []byte, items []int64) []byte {
	dst = append(dst, `{"TransactItems":[`...)
	for i, item := range items {
		dst = append(comma(dst, i), `{"Get":`...)
		dst = append(s.appendOne(dst, item), '}')
	}
	return append(dst, `]}`...)
}

func (s *shape) appendTransactWrite(dst []byte, items []int64, version uint64) []byte {
	dst = append(dst, `{"TransactItems":[`...)
	for i, item := range items {
		dst = append(comma(dst, i), `{"Put":`...)
		dst = append(s.appendPut(dst, item, version), '}')
	}
	return append(dst, `]}`...)
}

func comma(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}
