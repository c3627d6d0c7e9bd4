package console

import (
	"embed"
	"fmt"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed locale/*.json
var localeFiles embed.FS

// languages of the desk. The first is what a newcomer sees.
var languages = []string{"id", "en"}

// A locale says the words of the desk in one language.
type locale struct {
	language string
	words    map[string]string
	printer  *message.Printer // writes numbers as the language does
}

func loadLocale(lang string) (*locale, error) {
	data, err := localeFiles.ReadFile("locale/" + lang + ".json")
	if err != nil {
		return nil, err
	}
	l := &locale{language: lang, printer: message.NewPrinter(language.MustParse(lang))}
	if err := json.Unmarshal(data, &l.words); err != nil {
		return nil, fmt.Errorf("locale/%s.json: %w", lang, err)
	}
	return l, nil
}

// say is the text of a key, with its arguments filled in. A key that is missing is shown as it is: a test keeps
// that from happening.
func (l *locale) say(key string, args ...any) string {
	format, ok := l.words[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return format
	}
	return l.printer.Sprintf(format, args...)
}
