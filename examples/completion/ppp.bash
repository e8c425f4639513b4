# bash completion for ppp(8), pppstat(8) and pppimport(8)

# Labels of entries; only root can read the control file.
_ppp_labels() {
	ppp -n -j ${1:+-f "$1"} 2>/dev/null | sed -n 's/^{"entry":"\([^"]*\)".*/\1/p'
}

_ppp() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} file='' i
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -f ]] && file=${COMP_WORDS[i+1]}
	done
	case $prev in
	-r) mapfile -t COMPREPLY < <(compgen -W "$(_ppp_labels "$file")" -- "$cur") ;;
	-f) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	-u) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	-p) mapfile -t COMPREPLY < <(compgen -G '/dev/tty[A-Z]*' -- "$cur") ;;
	*) mapfile -t COMPREPLY < <(compgen -W '-d -f -h -j -l -m -n -p -r -u -V' -- "$cur") ;;
	esac
}
complete -o filenames -F _ppp ppp

_pppstat() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	case $prev in
	-u) mapfile -t COMPREPLY < <(compgen -W "$(ls /sys/class/net 2>/dev/null)" -- "$cur") ;;
	-m) mapfile -t COMPREPLY < <(compgen -W 'd r z' -- "$cur") ;;
	-i) ;;
	-c) mapfile -t COMPREPLY < <(compgen -W 'up down add-line drop-line debug' -- "$cur") ;;
	*) mapfile -t COMPREPLY < <(compgen -W '-c -h -i -j -m -n -u -V' -- "$cur") ;;
	esac
}
complete -F _pppstat pppstat

complete -o filenames -f -W '-o' pppimport
