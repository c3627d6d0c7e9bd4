package forms

// everyday are words of every day, Indonesian, English, names or shortened, that a rule of spelling would make of a word
// that stands in lexicons: of bakar (burn) the name Bakr, of usir (drive out) a user.
var everyday = words(`
	all apart ayah ayat back bait baker bakr bante barat barra bat bertanya biden bkr blas bora boro dakwa daulat grok
	hal harem hour hours jemaat jenna kaedah kaidah kaido kalan kefir klan krim lawn ledek marks meledek merangin negra
	ngeri pandan prang rack raket rest sala salah salt sandra selat seta sham slb slut srh surah syah syarat tbk than thd
	tusk user wallah wilayah
`)
