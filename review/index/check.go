package index

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Bleve verifies nothing when it opens: a shortened root.bolt stops the process, and a segment that it cannot read
// gives an empty index. So every file is read through before it is opened.

// guard turns a panic of f, a fault of mapped memory included, into an error.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("unreadable: %v", r)
		}
	}()
	return f()
}

// checkBolt reads every page of a bolt file and gives its root to f. A file that another process holds is ErrInUse.
func checkBolt(path string, f func(*bolt.Tx) error) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() == 0 {
		return errors.New("the file is empty")
	}
	return guard(func() error {
		db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: lockTimeout})
		if err != nil {
			return inUse(path, err)
		}
		defer db.Close()
		return db.View(func(tx *bolt.Tx) error {
			if tx.Size() > info.Size() {
				return fmt.Errorf("the file is cut off: %d of %d bytes", info.Size(), tx.Size())
			}
			if err := tx.ForEach(func(_ []byte, b *bolt.Bucket) error { return readBucket(b) }); err != nil {
				return err
			}
			return f(tx)
		})
	})
}

// readBucket touches every key and value.
func readBucket(b *bolt.Bucket) error {
	return b.ForEach(func(k, v []byte) error {
		if v == nil {
			return readBucket(b.Bucket(k))
		}
		crc32.ChecksumIEEE(k)
		crc32.ChecksumIEEE(v)
		return nil
	})
}

// checkShard reads the folder of one week through: its root.bolt, and every segment of the newest snapshot.
func checkShard(dir string) error {
	store := filepath.Join(dir, "store")
	var segments []string
	err := checkBolt(filepath.Join(store, "root.bolt"), func(tx *bolt.Tx) error {
		snapshots := tx.Bucket([]byte{'s'})
		if snapshots == nil {
			return errors.New("root.bolt has no snapshots")
		}
		newest, _ := snapshots.Cursor().Last()
		if newest == nil || snapshots.Bucket(newest) == nil {
			return errors.New("root.bolt has no snapshot")
		}
		segments = segmentsOf(snapshots.Bucket(newest))
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range segments {
		if err := checkSegment(filepath.Join(store, name)); err != nil {
			return err
		}
	}
	return nil
}

// segmentsOf lists the files of a snapshot: each of its buckets but "i" and "m" is a segment, its path under "p".
func segmentsOf(snapshot *bolt.Bucket) []string {
	var names []string
	c := snapshot.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if v != nil || bytes.Equal(k, []byte{'i'}) || bytes.Equal(k, []byte{'m'}) {
			continue
		}
		if path := snapshot.Bucket(k).Get([]byte{'p'}); path != nil {
			names = append(names, filepath.Base(string(path)))
		}
	}
	return names
}

// checkSegment compares a segment with the CRC-32 in its last four bytes.
func checkSegment(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < 44 {
		return fmt.Errorf("segment %s is cut off", filepath.Base(path))
	}
	sum := crc32.NewIEEE()
	if _, err := io.CopyN(sum, f, info.Size()-4); err != nil {
		return err
	}
	var want [4]byte
	if _, err := io.ReadFull(f, want[:]); err != nil {
		return err
	}
	if sum.Sum32() != binary.BigEndian.Uint32(want[:]) {
		return fmt.Errorf("segment %s does not match its checksum", filepath.Base(path))
	}
	return nil
}

// lockTimeout is how long a file of another process is waited for.
const lockTimeout = time.Second

// ErrInUse says that another process has the index open.
var ErrInUse = errors.New("the index is in use by another process")

func inUse(path string, err error) error {
	if errors.Is(err, bolterrors.ErrTimeout) {
		return fmt.Errorf("%w (%s is locked): ask that process, or stop it first", ErrInUse, path)
	}
	return err
}
