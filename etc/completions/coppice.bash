# SPDX-License-Identifier: MIT
# bash completion for coppice and coppicectl. The words are what the programs' own help says.

# The options in a help text, and the apps.
_coppice_options() {
    sed -n 's/^  \(--[a-z-]*\).*/\1/p; s/^  \([a-z]\{1,\}\)  .*/\1/p'
}

_coppice() {
    local word=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]} command=${COMP_WORDS[1]} words=
    if ((COMP_CWORD == 1)); then
        words=$("$program" help 2>/dev/null | sed -n 's/^  coppice \([a-z]*\).*/\1/p' | sort -u)
    else
        case $command in
        run | load) words=$("$program" "$command" --help 2>/dev/null | _coppice_options) ;;
        check) words="--dump --keys" ;;
        help) words="run check load commands" ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    if ((COMP_CWORD > 1)) && [[ $command == @(run|check) && $word != -* ]]; then
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word")
    fi
}

# The line of `coppice help commands` about the command that the words before this one name.
_coppicectl_usage() {
    local before
    for before in "${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
        coppice help commands 2>/dev/null | word=$before awk '/^[a-z]/ && $1 == ENVIRON["word"]'
    done
}

_coppicectl() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} usage words
    if [[ $before == --socket || $before == --config ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
    fi
    usage=$(_coppicectl_usage)
    if [[ $usage ]]; then
        # Its options, and the words that it lets choose from: debug|info|...
        words=$(grep -oE -e '--[a-z]+|[a-z]+(\|[a-z]+)+' <<<"$usage" | tr '|' '\n')
    else
        words=$(coppice help commands 2>/dev/null | sed -n 's/^\([a-z]\{1,\}\).*/\1/p')
        words+=" "$(coppicectl --help 2>/dev/null | _coppice_options)
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -o filenames -F _coppice coppice
complete -o filenames -F _coppicectl coppicectl
