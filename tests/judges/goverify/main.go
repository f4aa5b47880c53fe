// Goverify judges an exported ledger with golang.org/x/mod/sumdb, code that nobody of us wrote.
// Usage: goverify <log folder> <vkey file> [<old checkpoint> <consistency proof, one hash a line>]
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type tiles string

func (dir tiles) Height() int                     { return 8 }
func (dir tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (dir tiles) ReadTiles(list []tlog.Tile) (out [][]byte, err error) {
	for _, tile := range list {
		// C2SP leaves out the height, which sumdb has in its paths: tile/8/0/000 is tile/0/000.
		data := must(os.ReadFile(filepath.Join(string(dir), strings.Replace(tile.Path(), "tile/8/", "tile/", 1))))
		out = append(out, data)
	}
	return out, nil
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatalf("REFUSED: %v", err)
	}
	return value
}

func open(path string, known note.Verifiers) (tree tlog.Tree) {
	lines := strings.Split(must(note.Open(must(os.ReadFile(path)), known)).Text, "\n")
	must(fmt.Sscan(lines[1], &tree.N))
	tree.Hash = must(tlog.ParseHash(lines[2]))
	return tree
}

func main() {
	dir := os.Args[1]
	vkey := strings.TrimSpace(string(must(os.ReadFile(os.Args[2]))))
	known := note.VerifierList(must(note.NewVerifier(vkey)))
	tree := open(filepath.Join(dir, "checkpoint"), known)
	hashes := tlog.TileHashReader(tree, tiles(dir))
	leaves := int64(0)
	for leaves < tree.N {
		tile := tlog.Tile{H: 8, L: -1, N: leaves / 256, W: 256}
		if tree.N-leaves < 256 {
			tile.W = int(tree.N - leaves)
		}
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		bundle := must(os.ReadFile(filepath.Join(dir, path)))
		for ; len(bundle) > 0; leaves++ {
			length := 2 + int(binary.BigEndian.Uint16(bundle))
			leaf := tlog.RecordHash(bundle[2:length])
			bundle = bundle[length:]
			if must(hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, leaves)}))[0] != leaf {
				log.Fatalf("REFUSED: leaf %d", leaves)
			}
			if leaves%97 == 0 {
				proof := must(tlog.ProveRecord(tree.N, leaves, hashes))
				must(0, tlog.CheckRecord(proof, tree.N, tree.Hash, leaves, leaf))
			}
		}
	}
	if leaves != tree.N {
		log.Fatalf("REFUSED: %d leaves instead of %d", leaves, tree.N)
	}
	if len(os.Args) > 4 {
		old := open(os.Args[3], known)
		var proof tlog.TreeProof
		for _, line := range strings.Fields(string(must(os.ReadFile(os.Args[4])))) {
			var hash tlog.Hash
			copy(hash[:], must(base64.StdEncoding.DecodeString(line)))
			proof = append(proof, hash)
		}
		must(0, tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
	}
	fmt.Printf("OK %d leaves\n", leaves)
}
