using System.Collections;
using System.Reflection;
using System.Text.Json.Serialization;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Tidy.Tests;

/// <summary>Makes one filled-in value of an event or message type: every field has something in it.</summary>
internal static class SampleEvents
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    public static object Of(Type type) => Make(type, "sample")!;

    private static object? Make(Type type, string name)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner) return Make(inner, name);
        if (type == typeof(string)) return name;
        if (type == typeof(bool)) return true;
        if (type == typeof(int)) return 3;
        if (type == typeof(long)) return 4L;
        if (type == typeof(double)) return 12.5;
        if (type == typeof(TimeSpan)) return TimeSpan.FromMilliseconds(120);
        if (type == typeof(DateTimeOffset)) return Noon;
        if (type == typeof(VmId)) return new VmId("vm-1");
        if (type == typeof(HostId)) return new HostId("host-a");
        if (type == typeof(MigrationId)) return MigrationId.Create(7, Noon, 1);
        if (type == typeof(EvacuationId)) return EvacuationId.Create(7, Noon, 1);
        if (type == typeof(Epoch)) return new Epoch(2);
        if (type == typeof(ByteCount)) return new ByteCount(1_048_576);
        if (type == typeof(ByteRate)) return new ByteRate(2_097_152);
        if (type == typeof(byte[])) return new byte[] { 1, 2, 3 };
        if (type == typeof(ReadOnlyMemory<byte>)) return new ReadOnlyMemory<byte>([1, 2, 3]);
        if (type.IsAbstract && type.GetCustomAttributes<JsonDerivedTypeAttribute>().FirstOrDefault() is { } derived) return Make(derived.DerivedType, name);
        if (type.IsEnum) return Enum.GetValues(type).GetValue(Enum.GetValues(type).Length - 1);
        if (type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type)) return List(type.GetGenericArguments()[0]);
        var constructor = type.GetConstructors(BindingFlags.Public | BindingFlags.Instance).OrderByDescending(c => c.GetParameters().Length).First();
        var parameters = constructor.GetParameters();
        var made = constructor.Invoke([.. parameters.Select(p => Make(p.ParameterType, p.Name!))]);
        var rest = type.GetProperties().Where(p => p.SetMethod is not null && p.GetCustomAttribute<JsonIgnoreAttribute>() is null && Array.TrueForAll(parameters, q => q.Name != p.Name));
        foreach (var property in rest) property.SetValue(made, Make(property.PropertyType, property.Name));
        return made;
    }

    private static Array List(Type element)
    {
        var list = Array.CreateInstance(element, 1);
        list.SetValue(Make(element, "item"), 0);
        return list;
    }
}
