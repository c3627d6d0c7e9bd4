package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"
)

// applyConfig sets the command's flags from a YAML file whose keys are their names. A flag that was typed stays.
func applyConfig(cmd *cobra.Command, file string) error {
	if file == "" {
		return nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Load(data, &doc); err != nil {
		return fmt.Errorf("config: %s: %w", file, err)
	}
	if len(doc.Content) == 0 {
		return nil
	}
	m := doc.Content[0]
	if m.Kind != yaml.MappingNode {
		return fmt.Errorf("config: %s:%d: want keys with values, such as listen: 0.0.0.0:8080", file, m.Line)
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if err := applyKey(cmd, m.Content[i], m.Content[i+1]); err != nil {
			return fmt.Errorf("config: %s:%d: %w", file, m.Content[i].Line, err)
		}
	}
	return nil
}

func applyKey(cmd *cobra.Command, key, value *yaml.Node) error {
	flag := cmd.Flags().Lookup(key.Value)
	if flag == nil || key.Value == "config" || key.Value == "help" {
		return fmt.Errorf("there is no setting %q; `%s --help` shows them all", key.Value, cmd.CommandPath())
	}
	if flag.Changed {
		return nil
	}
	values := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		values = value.Content
	}
	for _, v := range values {
		if v.Kind != yaml.ScalarNode {
			return fmt.Errorf("%s: want a value or a list of values", key.Value)
		}
		if strings.Contains(v.Value, ",") && flag.Value.Type() == "stringSlice" {
			return fmt.Errorf("%s: want a list of values, one each", key.Value)
		}
		if err := flag.Value.Set(v.Value); err != nil {
			return fmt.Errorf("%s: %w", key.Value, err)
		}
	}
	return nil
}
