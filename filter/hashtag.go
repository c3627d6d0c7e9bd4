package filter

// hashtag says where the words of a hashtag begin: at capitals (#BomBali, #ISISMenang), unless these go up and down
// (#JiHaD), and at numbers of two digits and more (#Aksi212Damai).
func hashtag(s []sign) {
	letters, row, longest := 0, 0, 0
	for i := range s {
		if s[i].isSymbol() {
			row = 0
		} else if !s[i].isDigit() {
			letters++
			if row++; isCapital(s, i) || s[i].begins {
				row = 1
			}
			longest = max(longest, row)
		}
	}
	for i := 0; i < len(s); i++ {
		if longest >= 3 && isCapital(s, i) {
			s[i].begins = true
		}
		to := i + digitsAt(s[i:])
		if to-i >= 2 && letters >= 2 && (i == 0 || to == len(s) || s[to].upper) {
			s[i].begins = true
			if to < len(s) {
				s[to].begins = true
			}
		}
		i = max(i, to-1)
	}
}

// isCapital reports whether a word of a hashtag begins with a capital: after a small letter, or after two other
// capitals and before small letters that can be spoken (#MUvsPSM has none).
func isCapital(s []sign, i int) bool {
	before := i - 1
	for before >= 0 && s[before].isDigit() {
		before--
	}
	if !s[i].upper || before < 0 || s[before].isSymbol() {
		return false
	}
	if !s[before].upper {
		return true
	}
	to := i + 1
	for to < len(s) && s[to].lower {
		to++
	}
	return i >= 2 && s[i-1].upper && s[i-2].upper && hasSound(s[i+1:to])
}
