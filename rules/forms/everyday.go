package forms

// everyday are words of every day, Indonesian, English, names or shortened, that a rule of spelling would make of a word
// that stands in lexicons: of bakar (burn) the name Bakr, of usir (drive out) a user.
var everyday = words(`
	apart ayah bait baker bakr bante barat barra bat bkr blas bora boro dakwa daulat grok harem jemaat jenna kaedah kaidah
	kaido kalan kefir klan krim lawn ledek marks meledek merangin negra ngeri pandan prang rack raket sala salah salt
	sandra selat seta sham slb slut srh surah syah syarat tbk thd tusk user wallah wilayah
`)
