#compdef ppp pppstat pppimport
# zsh completion for ppp(8), pppstat(8) and pppimport(8)

# Labels of entries; only root can read the control file.
_ppp_labels() {
	local -a labels
	labels=(${(f)"$(ppp -n -j ${opt_args[-f]:+-f} ${opt_args[-f]} 2>/dev/null | sed -n 's/^{"entry":"\([^"]*\)".*/\1/p')"})
	_describe entry labels
}

case $service in
ppp)
	_arguments -s \
		'*-d[tell more]' \
		'-f[control file]:control file:_files' \
		'-h[print a short usage]' \
		'-j[with -n\: as JSON]' \
		'-l[serve the lines of login shells]' \
		'-m[serve metrics]:address' \
		'-n[check the control file, print the effective entry]' \
		'-p[probe for modems]::device:_files -g "/dev/tty*"' \
		'-r[entry]:entry:_ppp_labels' \
		'-u[UUCP files]:directory:_files -/' \
		'-V[print the version]'
	;;
pppstat)
	_arguments -s \
		'-c[have the interface do something]:command:(up down add-line drop-line debug)' \
		'-i[interval]:seconds' \
		'-j[as JSON]' \
		'-m[what is counted from]:mode:(d r z)' \
		'-n[numbers instead of names]' \
		'-u[interface]:interface:_net_interfaces'
	;;
pppimport)
	_arguments -s '-o[write to]:file:_files' '*:file:_files'
	;;
esac
