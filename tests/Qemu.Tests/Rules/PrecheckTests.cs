using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using HostNode.Hypervisors.Qemu;
using Qemu.Tests.Support;

namespace Qemu.Tests.Rules;

/// <summary>Prechecks against emulators made of a few lines of shell, so that versions and failures can be chosen.</summary>
public sealed class PrecheckTests : IDisposable
{
    private static readonly VmId Vm = VmId.Parse("guest");
    private static readonly GuestSpec Good = new("qemu", new ByteCount(131_080L * 1024), 1) { Qemu = new QemuMachine() };

    private readonly string _directory = Directory.CreateTempSubdirectory("qp").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_sound_guest_has_no_problem_at_its_destination() => Assert.Empty(Codes(Good));

    [Theory]
    [InlineData("7.2.22", 128 * 1024, "memory.tcgLosesWrites")]
    [InlineData("7.2.22", 128 * 1024 + 256, "memory.tcgLosesWrites")]
    [InlineData("7.2.22", 128 * 1024 + 8, null)]
    [InlineData("9.0.0", 128 * 1024, null)]
    [InlineData("9.0.0", 131_081, "memory.pageSize")]
    public void Memory_sizes_that_lose_writes_are_refused_where_they_do(string version, long kibi, string? code) =>
        Assert.Equal(code is null ? [] : [code], Codes(Good with { Memory = new ByteCount(kibi * 1024) }, version));

    [Theory]
    [InlineData("pc-q35-99.0", "qemu.machine.unknown")]
    [InlineData("q35", "qemu.machine.unversioned")]
    public void Machines_that_may_differ_are_refused(string machine, string code) => Assert.Equal([code], Codes(Good with { Qemu = new QemuMachine(Machine: machine) }));

    [Fact]
    public void Files_and_addresses_that_are_missing_are_named()
    {
        var codes = Codes(Good with { Qemu = new QemuMachine(Kernel: "/nowhere/vmlinuz", Tap: "tap0") });
        Assert.Equal(["qemu.mac.missing", "qemu.file.missing"], codes);
    }

    [Fact]
    public void A_source_without_a_process_is_told() => Assert.Equal(["qemu.source.absent"], Codes(Good, role: MigrationRole.Source));

    [Fact]
    public void Every_error_has_a_remedy()
    {
        var bad = Good with { Memory = new ByteCount(1), Qemu = new QemuMachine(Kernel: "/nowhere", Machine: "pc", Tap: "t") };
        var problems = Driver("7.2.22").Precheck(MigrationRole.Source, Vm, bad, MigrationPolicy.Default with { OnNonConverging = "postCopy" });
        Assert.True(problems.Count >= 6, string.Join(", ", problems.Select(p => p.Code)));
        Assert.All(problems.Where(p => p.Severity == "error"), p => Assert.NotEmpty(p.Remedy));
    }

    [Fact]
    public void A_missing_emulator_is_one_problem_with_what_to_install()
    {
        var problem = Assert.Single(new QemuHypervisor(Options("/nowhere/qemu"), new RecordingSink()).SelfTest());
        Assert.Equal(("qemu.missing", "error"), (problem.Code, problem.Severity));
        Assert.Contains("apt-get install", problem.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_too_deep_for_a_socket_is_told_before_a_guest_is_made()
    {
        var deep = Path.Combine(_directory, new string('d', 90));
        var driver = new QemuHypervisor(Options(Emulator("7.2.22")) with { RunDirectory = deep }, new RecordingSink());
        Assert.Contains(driver.Precheck(MigrationRole.Destination, Vm, Good, MigrationPolicy.Default), p => p.Code == "qemu.path.tooLong");
    }

    [Fact]
    public void KVM_is_used_only_after_a_guest_has_spoken_under_it()
    {
        // An emulator whose guest says its first byte, and one whose guest ends without a word.
        Assert.Empty(KvmSelfTest.Run(Options(Script("printf x"))));
        var problem = Assert.Single(KvmSelfTest.Run(Options(Script("echo 'could not access KVM' >&2; exit 1"))));
        Assert.Equal(("qemu.kvm.notUsable", "error"), (problem.Code, problem.Severity));
        Assert.Contains("could not access KVM", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_guest_that_stands_still_under_KVM_is_ended_and_told()
    {
        var problem = Assert.Single(KvmSelfTest.Run(Options(Script("exec sleep 60")) with { StartTimeout = TimeSpan.FromMilliseconds(200) }));
        Assert.Contains("stood still", problem.Detail, StringComparison.Ordinal);
    }

    private List<string> Codes(GuestSpec spec, string version = "7.2.22", MigrationRole role = MigrationRole.Destination) =>
        [.. Driver(version).Precheck(role, Vm, spec, MigrationPolicy.Default with { Streams = 1 }).Select(p => p.Code)];

    private QemuHypervisor Driver(string version) => new(Options(Emulator(version)), new RecordingSink());

    private QemuOptions Options(string emulator) =>
        new() { RunDirectory = Path.Combine(_directory, "run"), HostId = HostId.Parse("host"), AddressToListen = "127.0.0.1", QemuPath = emulator };

    private string Emulator(string version) => Script($$"""
        if [ "$1" = --version ]; then echo "QEMU emulator version {{version}} (mock)"; exit; fi
        echo "Supported machines are:"; echo "pc-q35-7.2           Standard PC (Q35 + ICH9, 2009)"
        """);

    private string Script(string body)
    {
        var path = Path.Combine(_directory, Path.GetRandomFileName());
        File.WriteAllText(path, "#!/bin/sh\n" + body + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
