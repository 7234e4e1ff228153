#!/bin/busybox sh
# tests/real/init.sh - the first program of the initramfs: a shell on the console, and no more.
#
# What it prints and does before the prompt stands here in full, since the tests count the
# instructions up to "lintel: userland". The shell is busybox: each of its applets is a command.

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
machine tsc
echo "lintel: userland"

# Only Debian's modules for a disk at the legacy ports (1F0h, 170h); loaded when asked for, as that
# takes longer than the boot.
cat > /bin/ata <<'END'
#!/bin/busybox sh
for module in $(cat /modules/order); do
	case $module in
	pata_legacy.ko) insmod /modules/$module probe_mask=3 || exit 1 ;;
	*) insmod /modules/$module || exit 1 ;;
	esac
done
END
chmod 755 /bin/ata

# "lintel=off" on the command line of the kernel: nobody is there to type.
[ "$lintel" = off ] && machine off

exec setsid cttyhack sh
