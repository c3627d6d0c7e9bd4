package index

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	bolt "go.etcd.io/bbolt"

	"saring/review"
)

// schema names what the files hold and how texts are analysed. A folder of another schema is built again.
const schema = "saring-index-1"

var (
	metaBucket     = []byte("meta")
	weekBucket     = []byte("weeks")     // week → 1: the shards that there must be
	positionBucket = []byte("positions") // stream → 8 bytes
	postBucket     = []byte("posts")     // hash of a post's key → the id of its flag
	flagBucket     = []byte("flags")     // flag id → record
	decisionBucket = []byte("decisions") // flag id → review.Decision, also of flags not seen yet or replaced
	buckets        = [][]byte{metaBucket, weekBucket, positionBucket, postBucket, flagBucket, decisionBucket}
)

// state is what the index must know beside Bleve: state.bolt. It is read and written in transactions.
type state struct{ db *bolt.DB }

// A record says where the flag of a post is.
type record struct {
	flag     string // flag id
	at       int64  // flagged_at, milliseconds since the Unix epoch
	revision int64
	key      string // of the post
}

// openState opens or creates the file. It holds a lock on it until close, which keeps a second process out.
func openState(path string) (*state, error) {
	var db *bolt.DB
	err := guard(func() (err error) {
		db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: lockTimeout})
		return err
	})
	if err != nil {
		return nil, inUse(path, err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return tx.Bucket(metaBucket).Put([]byte("schema"), []byte(schema))
	})
	return &state{db}, err
}

// checkState reads the whole file. A file of another schema is an error like a broken one.
func checkState(path string) error {
	return checkBolt(path, func(tx *bolt.Tx) error {
		meta := tx.Bucket(metaBucket)
		if meta == nil {
			return errors.New("state.bolt was never finished")
		}
		if got := string(meta.Get([]byte("schema"))); got != schema {
			return fmt.Errorf("state.bolt is of schema %q, this program writes %q", got, schema)
		}
		return nil
	})
}

func (s *state) close() error { return s.db.Close() }

func (s *state) position(stream string) (seq uint64) {
	s.db.View(func(tx *bolt.Tx) error {
		if v := tx.Bucket(positionBucket).Get([]byte(stream)); len(v) == 8 {
			seq = binary.BigEndian.Uint64(v)
		}
		return nil
	})
	return seq
}

// forgetPositions makes the caller read every stream from its beginning.
func (s *state) forgetPositions() error {
	return s.db.Update(func(tx *bolt.Tx) error {
		if err := tx.DeleteBucket(positionBucket); err != nil {
			return err
		}
		_, err := tx.CreateBucket(positionBucket)
		return err
	})
}

func (s *state) weeks() (ws []week, err error) {
	err = s.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(weekBucket).ForEach(func(k, _ []byte) error {
			ws = append(ws, week(k))
			return nil
		})
	})
	return ws, err
}

func (s *state) addWeek(w week) error {
	return s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(weekBucket).Put([]byte(w), []byte{1}) })
}

func (s *state) removeWeek(w week) error {
	return s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(weekBucket).Delete([]byte(w)) })
}

func postHash(key string) []byte {
	h := sha256.Sum256([]byte(key))
	return h[:16]
}

func (r record) encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(r.at))
	b = binary.BigEndian.AppendUint64(b, uint64(r.revision))
	return append(b, r.key...)
}

// recordOf finds the record of a flag; false when the flag is not, or no longer, in the index.
func recordOf(tx *bolt.Tx, flag string) (record, bool) {
	v := tx.Bucket(flagBucket).Get([]byte(flag))
	if len(v) < 16 {
		return record{}, false
	}
	return record{
		flag:     flag,
		at:       int64(binary.BigEndian.Uint64(v)),
		revision: int64(binary.BigEndian.Uint64(v[8:])),
		key:      string(v[16:]),
	}, true
}

// recordOfPost finds the record of the flag that a post has.
func recordOfPost(tx *bolt.Tx, key string) (record, bool) {
	flag := tx.Bucket(postBucket).Get(postHash(key))
	if flag == nil {
		return record{}, false
	}
	return recordOf(tx, string(flag))
}

func decisionOf(tx *bolt.Tx, flag string) (review.Decision, bool, error) {
	v := tx.Bucket(decisionBucket).Get([]byte(flag))
	if v == nil {
		return review.Decision{}, false, nil
	}
	var d review.Decision
	err := json.Unmarshal(v, &d)
	return d, true, err
}
