package rules

import "slices"

// A Category is a kind of terrorist content. The list is closed: Regulation (EU) 2021/784, Article 2(7). Content
// spread for education, journalism, art or research, or to counter terrorism, is outside it by the same article,
// and so is every opinion that calls for no violence.
type Category string

const (
	Incitement    Category = "incitement"    // incites to commit a terrorist offence
	Glorification Category = "glorification" // glorifies such offences, and so incites
	Recruitment   Category = "recruitment"   // solicits joining or contributing to a group
	Instruction   Category = "instruction"   // instructs in weapons or methods
	Threat        Category = "threat"        // threatens to commit an offence
	Financing     Category = "financing"     // solicits money or means for it
)

// Categories is the whole scope.
var Categories = []Category{Incitement, Glorification, Recruitment, Instruction, Threat, Financing}

// A Severity says how grave a hit of a rule is.
type Severity string

const (
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// Severities lists them from the least to the gravest.
var Severities = []Severity{Low, Medium, High, Critical}

// Rank is the place of s in Severities, -1 for none.
func (s Severity) Rank() int { return slices.Index(Severities, s) }

// A Status says how far a rule has been rolled out.
type Status string

const (
	Draft  Status = "draft"  // checked, never applied
	Shadow Status = "shadow" // applied and counted, never published
	Warn   Status = "warn"   // flags, and proposes to warn
	Hold   Status = "hold"   // flags, and proposes to hold the post until a person has decided
)

// Statuses lists them in the order of a roll-out.
var Statuses = []Status{Draft, Shadow, Warn, Hold}

// Languages are what a lexicon can be written in; "any" is for words that both share, such as names.
var Languages = []string{"id", "en", "any"}

// Origins are whose wish a rule is.
var Origins = []string{"platform", "community", "government"}
