package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"saring/filter"
	"saring/queue"
	"saring/rules"
)

// rolloutFlags are the flags of `up` that say whose rulesets it takes, and when it stops a rule.
func (u *up) rolloutFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&u.trust, "trust", nil, "file of public keys whose pushed rulesets this process takes, beside its data folder's own (may be given several times)")
	d := filter.DefaultBrake
	f.Float64Var(&u.brake.Share, "brake-share", d.Share, "put a rule into shadow that fires on more than this share of posts after a change; 0: never for that")
	f.IntVar(&u.brake.Channels, "brake-channels", d.Channels, "… or in more than so many channels and on a fifth of that share; 0: never for that")
	f.IntVar(&u.brake.Posts, "brake-posts", d.Posts, "fewer posts than these count as these")
	f.DurationVar(&u.brake.For, "brake-for", d.For, "how long after its change a rule is watched; 0: no brake")
}

// openRollout reads the keys and puts the ruleset into use that counts.
func (u *up) openRollout(ctx context.Context) error {
	own, err := queue.EnsureSigningKey(filepath.Join(u.data, rulesetKey))
	if err != nil {
		return err
	}
	trust, err := trusted(own.Keys(), u.trust)
	if err != nil || u.live == nil {
		return err
	}
	u.rollout, err = u.broker.StartRollout(ctx, u.live, queue.RolloutOptions{
		Worker: workerName(own.ID()), Trust: trust, Folder: u.rules, Command: backtestCommand(cmp.Or(u.rules, "DIR"), &u.connection), Brake: u.brake,
	})
	return err
}

// trusted adds the keys of files.
func trusted(keys queue.Keys, files []string) (queue.Keys, error) {
	for _, file := range files {
		more, err := queue.ReadKeys(file)
		if err != nil {
			return nil, err
		}
		keys = keys.With(more)
	}
	return keys, nil
}

var unfit = regexp.MustCompile(`[^a-zA-Z0-9_-]+`)

// workerName names the process: its machine, and its data folder by the id of its key, so that it is the same after a
// restart.
func workerName(key string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "saring"
	}
	host, _, _ = strings.Cut(host, ".")
	return strings.Trim(unfit.ReplaceAllString(host, "-"), "-") + "-" + key[:6]
}

// backtestCommand puts the backtests of a folder on record.
func backtestCommand(dir string, c *connection) string {
	return strings.TrimSpace("saring rules backtest --rules " + dir + " " + c.typed())
}

// rulesFrom says where the ruleset in use is from, if it is not the one of --rules or of the binary.
func (u *up) rulesFrom() string {
	out := ""
	if at := u.rollout.Announced(); !at.IsZero() && u.rules == "" {
		out += ", pushed " + at.Local().Format(time.DateTime)
	}
	if n := len(u.live.Ruleset().Braked()); n > 0 {
		out += fmt.Sprintf(", %d braked", n)
	}
	return out
}

func newRulesKeygen() *cobra.Command {
	return &cobra.Command{
		Use:   "keygen FILE",
		Short: "Make a key that signs rulesets",
		Long: `Make a key that signs rulesets: the secret half is in FILE, which only you can read, and the public half in FILE.pub. Who
has FILE decides what is flagged. Each data folder has a key of its own already, which the process on it trusts.`,
		Example: "  saring rules keygen lexicons.key\n  saring up --roles filter --nats nats://broker:4222 --trust lexicons.key.pub",
		Args:    exactly(1, "the name of a file that does not exist"),
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := queue.NewSigningKey(args[0])
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s exists; a key is never written over", args[0])
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "key %s\n  secret  %s: sign with `saring rules push --key %s`, and show it to nobody\n  public  %s.pub: start filters with `saring up --trust %s.pub`\n",
				k.ID(), args[0], args[0], args[0], args[0])
			return nil
		},
	}
}

// announcer is the options of the commands that announce a ruleset.
type announcer struct {
	connection
	keyFile, note string
	trust         []string

	key queue.SigningKey
	k   keeper
	cmd *cobra.Command
}

func (a *announcer) flags(cmd *cobra.Command) {
	a.connection.flags(cmd)
	cmd.Flags().StringVar(&a.keyFile, "key", "", "key that signs, as `saring rules keygen` made it (default: the data folder's own)")
	cmd.Flags().StringVar(&a.note, "note", "", "what changed, in a line; name no person")
}

// open reads the key and finds the broker.
func (a *announcer) open(cmd *cobra.Command) error {
	a.cmd = cmd
	var err error
	if a.k, err = a.keeper(cmd.Context()); err != nil {
		return err
	}
	file := cmp.Or(a.keyFile, filepath.Join(a.data, rulesetKey))
	a.key, err = queue.LoadSigningKey(file)
	if errors.Is(err, fs.ErrNotExist) && a.keyFile == "" {
		err = fmt.Errorf("%s holds no key to sign with; name one with --key, or make one: saring rules keygen %s", a.data, file)
	}
	if err != nil {
		a.k.Close()
	}
	return err
}

func newRulesPush() *cobra.Command {
	a := announcer{}
	var dir string
	cmd := &cobra.Command{
		Use:   "push",
		Short: "Sign lexicons and let every filter use them",
		Long: `Check, test and sign lexicons and announce them; every filter that trusts the key uses them within a second, on every
machine, and says so. A rule that comes to flag (warn or hold), or that flags and has changed, needs a backtest on record.
A filter that was started with --rules takes no push. The exit code is 1 when a filter has refused it.`,
		Example: `  saring rules push --rules my-lexicons --note "spellings of hukum mati"
  saring rules push --rules my-lexicons --nats nats://broker:4222 --key lexicons.key`,
		Args: exactly(0, "no argument; name the folder with --rules"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			rs, err := pushable(dir)
			if err != nil {
				return err
			}
			if err := a.open(cmd); err != nil {
				return err
			}
			defer a.k.Close()
			if err := a.tested(cmd.Context(), rs, dir); err != nil {
				return err
			}
			return a.announce(cmd.Context(), rs, false)
		},
	}
	a.flags(cmd)
	cmd.Flags().StringVar(&dir, "rules", "", "folder of lexicons (default: those in the binary)")
	return cmd
}

// pushable loads lexicons that have no mistakes and whose rules hold.
func pushable(dir string) (*rules.Ruleset, error) {
	rs, err := loadRules(dir)
	if err != nil {
		return nil, err
	}
	if mistakes := rules.Lint(rs, time.Now()).Grave(); len(mistakes) > 0 {
		return nil, mistakes
	}
	return rs, filter.Test(rs)
}

// tested demands the backtests of what the ruleset promotes, wherever one of the filters stands now.
func (a *announcer) tested(ctx context.Context, rs *rules.Ruleset, dir string) error {
	inUse, err := a.inUse(ctx)
	if err != nil {
		return err
	}
	for _, old := range inUse {
		err := queue.Tested(old, rs, func(rule, fingerprint string) (bool, error) {
			_, on, err := a.k.Backtest(ctx, rule, fingerprint)
			return on, err
		}, backtestCommand(cmp.Or(dir, "DIR"), &a.connection))
		if err != nil {
			return fmt.Errorf("ruleset %s: %w", rs.Version, err)
		}
	}
	return nil
}

// inUse are the rulesets, without brakes, that the filters use which follow pushes. When none runs it is what the next
// one would start with.
func (a *announcer) inUse(ctx context.Context) ([]*rules.Ruleset, error) {
	workers, err := a.k.Workers(ctx)
	if err != nil {
		return nil, err
	}
	versions := map[string]bool{}
	for _, w := range workers {
		if w.Folder == "" {
			versions[w.Base] = true
		}
	}
	list, err := a.k.Announcements(ctx)
	if err != nil {
		return nil, err
	}
	if len(versions) == 0 && len(list) > 0 {
		versions[list[0].Version] = true
	}
	bundled, err := rules.Bundled()
	if err != nil || len(versions) == 0 {
		return []*rules.Ruleset{bundled}, err
	}
	var out []*rules.Ruleset
	for v := range versions {
		rs, err := a.fetch(ctx, v)
		var gone *queue.NoRuleset
		if errors.As(err, &gone) {
			rs, err = bundled, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, rs)
	}
	return out, nil
}

func (a *announcer) fetch(ctx context.Context, version string) (*rules.Ruleset, error) {
	data, err := a.k.Ruleset(ctx, version)
	if err != nil {
		return nil, err
	}
	return rules.FromArchive(data)
}

// announce signs and announces a ruleset and waits for what the filters say.
func (a *announcer) announce(ctx context.Context, rs *rules.Ruleset, rollback bool) error {
	list, err := a.k.Announcements(ctx)
	if err != nil {
		return err
	}
	var before *queue.Announcement
	if len(list) > 0 {
		before = &list[0]
	}
	signed, archive, err := queue.NewAnnouncement(rs, a.note, rollback, a.key, before)
	if err != nil {
		return err
	}
	if err := a.k.Announce(ctx, signed, archive); err != nil {
		return err
	}
	fmt.Fprintf(a.cmd.OutOrStdout(), "announced %d rules, version %s, signed with the key %s\n", len(rs.Rules), rs.Version, a.key.ID())
	return a.await(ctx, signed)
}

// How long a push waits for the filters, and how often it asks.
const (
	answersWithin = 10 * time.Second
	answersEvery  = 100 * time.Millisecond
)

// await prints what each filter makes of an announcement.
func (a *announcer) await(ctx context.Context, signed queue.Announcement) error {
	told := map[string]bool{}
	used, refused, w := 0, 0, a.cmd.OutOrStdout()
	var silent []string
	for end := time.Now().Add(answersWithin); ; {
		workers, err := a.k.Workers(ctx)
		if err != nil {
			return err
		}
		silent = nil
		for _, s := range workers {
			switch {
			case told[s.Worker]:
			case s.Announcement == signed.ID():
				told[s.Worker] = true
				used++
				fmt.Fprintf(w, "  %s uses it%s\n", s.Worker, withBrakes(s))
			case s.Refused != nil && s.Refused.Announcement == signed.ID():
				told[s.Worker] = true
				refused++
				fmt.Fprintf(w, "  %s refuses it: %s\n", s.Worker, strings.ReplaceAll(s.Refused.Reason, "\n", "\n    "))
			default:
				silent = append(silent, s.Worker)
			}
		}
		if len(silent) == 0 || time.Now().After(end) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(answersEvery):
		}
	}
	for _, name := range silent {
		fmt.Fprintf(w, "  %s has not answered; if it runs, look at its log\n", name)
	}
	switch all := used + refused + len(silent); {
	case all == 0:
		fmt.Fprintln(w, "no filter runs; the next one that starts without --rules uses it")
	case used < all:
		fmt.Fprintf(w, "%d of %d filters use it\n", used, all)
		return errFound
	}
	return nil
}

func withBrakes(s queue.WorkerState) string {
	if s.Version == s.Base {
		return ""
	}
	return ", with rules braked (saring rules list shows which)"
}
