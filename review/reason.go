package review

// A Reason says why a moderator decided as they did. The list is closed, so that it can be counted and published.
// What justifies a dismissal follows Regulation (EU) 2021/784, Article 1(3): education, journalism, art, research
// and countering terrorism are not terrorist content, nor is an opinion that calls for no violence.
type Reason struct {
	Code       string  `json:"code"`
	Outcome    Outcome `json:"outcome"` // the only outcome that it can justify
	Indonesian string  `json:"id"`
	English    string  `json:"en"`
}

// Reasons is the closed list, in the order in which forms show it.
var Reasons = []Reason{
	{"violates", Uphold, "Melanggar: konten teroris", "Violates: terrorist content"},
	{"news", Dismiss, "Berita atau jurnalisme", "News or journalism"},
	{"religious", Dismiss, "Dakwah atau teks keagamaan tanpa ajakan kekerasan", "Religious speech without a call to violence"},
	{"counter_speech", Dismiss, "Kontra-narasi: menolak atau mengecam terorisme", "Counter-speech: rejects or condemns terrorism"},
	{"research", Dismiss, "Penelitian atau pendidikan", "Research or education"},
	{"art", Dismiss, "Karya seni, sastra atau satire", "Art, literature or satire"},
	{"not_violent", Dismiss, "Opini tanpa kekerasan, atau kata bermakna lain", "Opinion without violence, or words meant otherwise"},
}

// ReasonByCode finds the reason of that code.
func ReasonByCode(code string) (Reason, bool) {
	for _, r := range Reasons {
		if r.Code == code {
			return r, true
		}
	}
	return Reason{}, false
}

// ReasonCodes lists the codes that can justify an outcome.
func ReasonCodes(o Outcome) []string {
	var codes []string
	for _, r := range Reasons {
		if r.Outcome == o {
			codes = append(codes, r.Code)
		}
	}
	return codes
}

// Label is the reason in a language: "en", and Indonesian for everything else.
func (r Reason) Label(language string) string {
	if language == "en" {
		return r.English
	}
	return r.Indonesian
}
