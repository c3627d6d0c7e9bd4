package forms

// everyday are words of every day, Indonesian, English, names or shortened, that a rule of spelling would make of a word
// that stands in lexicons: of bakar (burn) the name Bakr, of usir (drive out) a user.
var everyday = words(`
	bait baker bakr bante bat bkr blas daulat grok harem kalan klan klas krim lawn ledek marks meledek ngeri pandan
	prang rack raket salt sandra seta sham slb slut surah syah syarat tbk thd tusk user wilayah apart ayah
`)
