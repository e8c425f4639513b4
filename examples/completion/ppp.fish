# fish completion for ppp(8), pppstat(8) and pppimport(8)

# Labels of entries; only root can read the control file.
function __ppp_labels
    ppp -n -j 2>/dev/null | string replace -rf '^\{"entry":"([^"]*)".*' '$1'
end

complete -c ppp -f
complete -c ppp -s d -d 'Tell more'
complete -c ppp -s f -r -F -d 'Control file'
complete -c ppp -s h -d 'Print a short usage'
complete -c ppp -s j -d 'With -n: as JSON'
complete -c ppp -s l -d 'Serve the lines of login shells'
complete -c ppp -s m -x -d 'Serve metrics at an address'
complete -c ppp -s n -d 'Check the control file, print the effective entry'
complete -c ppp -s p -a '(ls /dev/tty[A-Z]* 2>/dev/null)' -d 'Probe for modems'
complete -c ppp -s r -x -a '(__ppp_labels)' -d 'Entry'
complete -c ppp -s u -x -a '(__fish_complete_directories)' -d 'UUCP files'
complete -c ppp -s V -d 'Print the version'

complete -c pppstat -f
complete -c pppstat -s c -x -a 'up down add-line drop-line debug' -d 'Have the interface do something'
complete -c pppstat -s i -x -d 'Interval in seconds'
complete -c pppstat -s j -d 'As JSON'
complete -c pppstat -s m -x -a 'd r z' -d 'What is counted from'
complete -c pppstat -s n -d 'Numbers instead of names'
complete -c pppstat -s u -x -a '(ls /sys/class/net)' -d 'Interface'

complete -c pppimport -s o -r -F -d 'Write to a file'
