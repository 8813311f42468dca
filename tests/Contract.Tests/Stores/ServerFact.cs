using System.ComponentModel;
using Lab.Servers;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Contract.Tests.Stores;

/// <summary>Marks a class whose tests need PostgreSQL. Its <see cref="ServerFactAttribute"/>s, inherited ones too, are skipped with the reason where there is none.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsPostgresAttribute : Attribute;

/// <summary>A fact that is skipped if its class needs a server which is not installed. With CI=true nothing is skipped: it fails.</summary>
[XunitTestCaseDiscoverer("Contract.Tests.Stores.ServerFactDiscoverer", ServerTestCase.Assembly)]
public sealed class ServerFactAttribute : FactAttribute;

/// <inheritdoc cref="ServerFactAttribute"/>
[XunitTestCaseDiscoverer("Contract.Tests.Stores.ServerTheoryDiscoverer", ServerTestCase.Assembly)]
public sealed class ServerTheoryAttribute : TheoryAttribute;

public sealed class ServerFactDiscoverer(IMessageSink diagnostics) : FactDiscoverer(diagnostics)
{
    protected override IXunitTestCase CreateTestCase(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        ServerTestCase.IsMissing(testMethod) ? new ServerTestCase(DiagnosticMessageSink, discoveryOptions, testMethod) : base.CreateTestCase(discoveryOptions, testMethod, factAttribute);
}

public sealed class ServerTheoryDiscoverer(IMessageSink diagnostics) : TheoryDiscoverer(diagnostics)
{
    public override IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute) =>
        ServerTestCase.IsMissing(testMethod) ? [new ServerTestCase(DiagnosticMessageSink, discoveryOptions, testMethod)] : base.Discover(discoveryOptions, testMethod, theoryAttribute);
}

/// <summary>A test that will not be run.</summary>
public sealed class ServerTestCase : XunitTestCase
{
    /// <summary>Where these types are compiled into.</summary>
    public const string Assembly = "Contract.Tests";

    private static readonly Lazy<string?> Reason = new(() =>
        Environment.GetEnvironmentVariable("CI") == "true" || PostgresServer.WhyMissing() is not { } reason ? null : reason);

    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("for the test framework", error: true)]
    public ServerTestCase()
    {
    }

    public ServerTestCase(IMessageSink diagnostics, ITestFrameworkDiscoveryOptions options, ITestMethod method)
        : base(diagnostics, options.MethodDisplayOrDefault(), options.MethodDisplayOptionsOrDefault(), method)
    {
    }

    public static bool IsMissing(ITestMethod method) =>
        Reason.Value is not null && method.TestClass.Class.GetCustomAttributes(typeof(NeedsPostgresAttribute)).Any();

    protected override string GetSkipReason(IAttributeInfo factAttribute) => Reason.Value ?? "";
}
