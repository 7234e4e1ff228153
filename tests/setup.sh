#!/bin/sh
# Installs what Lintel's build and tests need and this machine lacks. Says first what it will
# install. With nothing missing it is silent and quick. Without apt it lists the tools and ends with
# status 1.
set -eu

# One line a purpose. What a Debian 12 with only make and git lacks.
build="gcc binutils nasm python3"
image="grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools"
machines="bochs bochs-term bochsbios vgabios qemu-system-x86 ovmf seabios"
unit="gcc libc6-dev clang libclang-rt-14-dev libcmocka-dev libzydis-dev gcovr"
system="python3-pytest python3-pytest-xdist python3-pexpect python3-matplotlib procps"
lint="clang-format clang-tidy cppcheck"
debug="gdb"
packages="$build $image $machines $unit $system $lint $debug"

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	echo "Lintel: this is no Debian; please install these tools yourself (Debian's names):"
	printf '  %s\n' "to build it:   $build" "its image:     $image" "to run it:     $machines" \
		"unit tests:    $unit" "system tests:  $system" "lint:          $lint" \
		"make debug:    $debug"
	exit 1
fi

# Which of the packages named are not installed. dpkg-query says nothing of one it never heard of.
missing_of() {
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
		sed -n 's/^installed //p' | tr '\n' ' ' || true)
	for package in "$@"; do
		case " $installed " in
		*" $package "*) ;;
		*) echo "$package" ;;
		esac
	done | sort -u | tr '\n' ' '
}

missing=$(missing_of $packages)
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "Lintel: these packages are missing, and there is neither root nor sudo:"
		echo "  $missing"
		exit 1
	fi
	as_root=sudo
fi

echo "Lintel: about to install with apt-get: $missing"
# Another apt may be at work (a machine's daily one), and a mirror may hiccup.
patience="-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3"
install_missing() {
	$as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get $patience install -y --no-install-recommends $missing \
		>"$log" 2>&1 </dev/null
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The package lists may be missing or too old: fetch them only if it does not work without.
if ! install_missing; then
	echo "Lintel: fetching the package lists first"
	$as_root apt-get $patience update -q >"$log" 2>&1 </dev/null || { cat "$log"; exit 1; }
	install_missing || { cat "$log"; echo "Lintel: the installation failed"; exit 1; }
fi
echo "Lintel: installed"
