# The real guest of `lm demo --qemu`: an option ROM that the BIOS runs and that never returns. No kernel, no disk.
# It fills 48 MiB, says so on the debug port, and then, at each timer tick (18.2 Hz), writes to 64 more pages of a 4 MiB working set:
# about 4.6 MiB/s dirtied. Between ticks it halts, so that six of them leave a small machine usable.
#
#   as --32 guest.s -o guest.o && ld -m elf_i386 -Ttext 0 --oformat binary guest.o -o guest.rom    (then QemuGuest.cs sets the checksum)
#
# "unreal": 16-bit code with a 4 GiB limit in fs; set anew after every halt, because interrupt handlers of the BIOS may change it.
.code16
.globl _start
_start:
    .byte 0x55, 0xaa, 1
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %ss
    movw $0x7c00, %sp
    xorl %eax, %eax
    movw %cs, %ax
    shll $4, %eax
    addl $(gdt - _start), %eax
    movl %eax, 0x7e02
    movw $15, 0x7e00
    inb  $0x92, %al
    orb  $2, %al
    outb %al, $0x92
    call unreal
    movl $0x400000, %edi
fill:
    movl %edi, %fs:(%edi)
    addl $4096, %edi
    cmpl $0x3400000, %edi
    jb   fill
    movb $'R', %al
    outb %al, $0xe9
    movl $0x400000, %edi
tick:
    sti
    hlt
    call unreal
    movw $64, %cx
write:
    incl %fs:8(%edi)
    addl $4096, %edi
    cmpl $0x800000, %edi
    jb   next
    movl $0x400000, %edi
next:
    loop write
    jmp  tick
unreal:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    lgdtl 0x7e00
    movl %cr0, %eax
    orb  $1, %al
    movl %eax, %cr0
    movw $8, %bx
    movw %bx, %fs
    andb $0xfe, %al
    movl %eax, %cr0
    ret
    .balign 8
gdt:
    .quad 0
    .quad 0x00cf92000000ffff
.org 511
    .byte 0
