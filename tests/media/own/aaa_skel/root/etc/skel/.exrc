set autoindent
set showmode
