using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Coordinator.Application.Machine;

namespace Domain.Tests.Machine;

/// <summary>Whoever adds a command says where it is decided: a node that does not know stops.</summary>
public sealed class CommandPlaces
{
    public static TheoryData<Type> Commands() => [.. typeof(Command).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Command)))];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_has_a_shard_and_a_stream_and_a_name_on_the_bus(Type type)
    {
        // Without its fields, which is enough to see whether its kind is known.
        var command = (Command)RuntimeHelpers.GetUninitializedObject(type);
        Assert.False(IsUnknown(Record.Exception(() => CommandShard.Of(command, 256))));
        Assert.False(IsUnknown(Record.Exception(() => CommandShard.StreamOf(command))));
        Assert.Contains(typeof(Command).GetCustomAttributes(typeof(JsonDerivedTypeAttribute), false).Cast<JsonDerivedTypeAttribute>(), a => a.DerivedType == type);
    }

    private static bool IsUnknown(Exception? e) => e is ArgumentOutOfRangeException { ParamName: "command" };
}
