package telegram

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// joined puts the texts of a post's parts (text, poll, file name, …) one to a line; empty parts leave no line.
func joined(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(part)
	}
	return b.String()
}

// shown are the members of a rich text whose values a reader sees. All else (a link's address, a mentioned user, a
// phone number apart from the text) is skipped unread. True: each element is a line of its own.
//
// Source: Bot API 10.1, RichText, RichBlock and RichBlockListItem; Telegram Desktop's export, "text_entities".
var shown = map[string]bool{
	"text": false, "expression": false, "alternative_text": false, "label": false,
	"summary": true, "caption": true, "credit": true, "blocks": true, "items": true, "cells": true,
}

// plain is what a reader sees of a formatted text: a string, an array of formatted texts, or an object that holds one.
// Whatever has another shape has no text. v must be valid JSON, or nothing.
func plain(v jsontext.Value) string { return render(v, false) }

// plainLines is the same of a list, with a line for each element.
func plainLines(v jsontext.Value) string { return render(v, true) }

func render(v jsontext.Value, lines bool) string {
	if len(v) == 0 {
		return ""
	}
	var b strings.Builder
	_ = show(jsontext.NewDecoder(bytes.NewReader(v), lenient), &b, lines)
	return strings.TrimSpace(b.String())
}

// show writes the next value of dec. With lines, each element of an array, or the value, ends its line.
func show(dec *jsontext.Decoder, b *strings.Builder, lines bool) error {
	switch dec.PeekKind() {
	case '"':
		s, err := dec.ReadToken()
		if err != nil {
			return err
		}
		b.WriteString(s.String())
	case '[':
		return showArray(dec, b, lines)
	case '{':
		if err := showObject(dec, b); err != nil {
			return err
		}
	default:
		return dec.SkipValue()
	}
	if lines {
		endLine(b)
	}
	return nil
}

func showArray(dec *jsontext.Decoder, b *strings.Builder, lines bool) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		if err := show(dec, b, lines); err != nil {
			return err
		}
	}
	if lines {
		endLine(b)
	}
	_, err := dec.ReadToken()
	return err
}

func showObject(dec *jsontext.Decoder, b *strings.Builder) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		token, err := dec.ReadToken()
		if err != nil {
			return err
		}
		name := token.String() // the token is void after the next call
		if lines, ok := shown[name]; !ok {
			err = dec.SkipValue()
		} else {
			err = show(dec, b, lines)
		}
		if err != nil {
			return err
		}
		if name == "label" { // of a list's item; its text follows
			b.WriteByte(' ')
		}
	}
	_, err := dec.ReadToken()
	return err
}

func endLine(b *strings.Builder) {
	if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
		b.WriteByte('\n')
	}
}
