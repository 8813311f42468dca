using System.ComponentModel;
using Lab.Servers;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Contract.Tests.Stores;

/// <summary>Marks a class whose tests need PostgreSQL. Its <see cref="ServerFactAttribute"/>s, inherited ones too, are skipped with the reason where there is none.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsPostgresAttribute : Attribute;

/// <summary>The same for RabbitMQ.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsRabbitMqAttribute : Attribute;

/// <summary>A fact that is skipped if its class needs a server which is not installed. With CI=true nothing is skipped: it fails.</summary>
[XunitTestCaseDiscoverer("Contract.Tests.Stores.ServerFactDiscoverer", ServerTestCase.Assembly)]
public sealed class ServerFactAttribute : FactAttribute;

/// <inheritdoc cref="ServerFactAttribute"/>
[XunitTestCaseDiscoverer("Contract.Tests.Stores.ServerTheoryDiscoverer", ServerTestCase.Assembly)]
public sealed class ServerTheoryAttribute : TheoryAttribute;

public sealed class ServerFactDiscoverer(IMessageSink diagnostics) : FactDiscoverer(diagnostics)
{
    protected override IXunitTestCase CreateTestCase(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute) =>
        ServerTestCase.WhyMissing(testMethod) is { } reason ? new ServerTestCase(DiagnosticMessageSink, discoveryOptions, testMethod, reason) : base.CreateTestCase(discoveryOptions, testMethod, factAttribute);
}

public sealed class ServerTheoryDiscoverer(IMessageSink diagnostics) : TheoryDiscoverer(diagnostics)
{
    public override IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute) =>
        ServerTestCase.WhyMissing(testMethod) is { } reason ? [new ServerTestCase(DiagnosticMessageSink, discoveryOptions, testMethod, reason)] : base.Discover(discoveryOptions, testMethod, theoryAttribute);
}

/// <summary>A test that will not be run.</summary>
public sealed class ServerTestCase : XunitTestCase
{
    /// <summary>Where these types are compiled into.</summary>
    public const string Assembly = "Contract.Tests";

    private static readonly Lazy<string?> NoPostgres = new(() => Missing(PostgresServer.WhyMissing()));
    private static readonly Lazy<string?> NoRabbitMq = new(() => Missing(RabbitMqServer.WhyMissing()));
    private string _reason = "";

    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("for the test framework", error: true)]
    public ServerTestCase()
    {
    }

    public ServerTestCase(IMessageSink diagnostics, ITestFrameworkDiscoveryOptions options, ITestMethod method, string reason)
        : base(diagnostics, options.MethodDisplayOrDefault(), options.MethodDisplayOptionsOrDefault(), method) => _reason = reason;

    /// <summary>Null if the class has the servers it needs.</summary>
    public static string? WhyMissing(ITestMethod method) =>
        (Needs<NeedsPostgresAttribute>(method) ? NoPostgres.Value : null) ?? (Needs<NeedsRabbitMqAttribute>(method) ? NoRabbitMq.Value : null);

    public override void Serialize(IXunitSerializationInfo data)
    {
        data.AddValue(nameof(_reason), _reason);
        base.Serialize(data);
    }

    public override void Deserialize(IXunitSerializationInfo data)
    {
        _reason = data.GetValue<string>(nameof(_reason));
        base.Deserialize(data);
    }

    protected override string GetSkipReason(IAttributeInfo factAttribute) => _reason;

    private static bool Needs<T>(ITestMethod method) => method.TestClass.Class.GetCustomAttributes(typeof(T)).Any();

    private static string? Missing(string? reason) => Environment.GetEnvironmentVariable("CI") == "true" ? null : reason;
}
