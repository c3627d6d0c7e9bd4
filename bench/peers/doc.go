// Command peers measures what Saring costs, beside what else there is for the job.
//
//	go run . peers      Saring's filter, other libraries and the limit over the same posts, with checked answers
//	go run . cost       processor, memory and disk of the whole way, by size of lexicon, length of posts, hits, workers
//	go run . page       writes the tables and plots of docs/cost.md from the newest records
//
// peers and cost print JSON with --json; bench/record.sh keeps it under bench/record with a date and then writes the
// page. It is a module of its own, so that the peers are no dependencies of the product.
//
// Lexicons are made up by code from words of the maintainers' test material beside the checkout (../shared/data) and
// posts are taken from it, where it is; without it, both are generated, and the record says so. Nothing of it is kept.
//
//	corpus.go      words, terms, posts                  engines.go, hyperscan*.go    what is compared
//	answers.go     what each has to find                measure.go                   time and heap
//	cost.go        the points of the cost page          page.go, chart.go            tables and plots
package main
