alias ll='ls -l'
alias la='ls -la'
alias l='ls -alF'
