using MessagePack;
using StatelessSwarm.Content;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Node.Limits;

namespace StatelessSwarm.Node.Control;

/// <summary>
/// Limits as MessagePack. A rate is bytes per second, nil for no limit. Limits are an array in the order of <see cref="LimitName"/>; a
/// change is <c>[resets, [[name, rate], ...]]</c>.
/// </summary>
internal static class LimitPack
{
    private const int StatusFields = 10;
    private const int MaxHours = 32;

    public static void Write(ref MessagePackWriter writer, LimitChange change)
    {
        writer.WriteArrayHeader(2);
        writer.Write(change.Resets);
        writer.WriteArrayHeader(change.Rates.Count);
        foreach (var (name, rate) in change.Rates)
        {
            writer.WriteArrayHeader(2);
            writer.Write((int)name);
            Write(ref writer, rate);
        }
    }

    public static LimitChange ReadChange(ref MessagePackReader reader)
    {
        Pack.Array(ref reader, 2, "limit change");
        var resets = reader.ReadBoolean();
        var rates = new Dictionary<LimitName, long?>();
        for (var left = Pack.ArrayUpTo(ref reader, LimitNames.All.Count, "limit rates"); left > 0; left--)
        {
            Pack.Array(ref reader, 2, "limit rate");
            var name = ReadName(ref reader);
            rates[name] = ReadRate(ref reader);
        }
        return new LimitChange(resets, rates);
    }

    public static void Write(ref MessagePackWriter writer, LimitStatus status)
    {
        writer.WriteArrayHeader(StatusFields);
        Write(ref writer, status.Configured);
        Write(ref writer, status.InForce);
        writer.Write(status.Hours);
        writer.WriteArrayHeader(status.Changed.Count);
        foreach (var name in status.Changed)
            writer.Write((int)name);
        writer.Write(status.IsBackground);
        Write(ref writer, status.SiteDownShare);
        Write(ref writer, status.SiteUpShare);
        writer.Write(status.SiteFetchers);
        Write(ref writer, status.WindowBytes);
        writer.Write(status.QueueMilliseconds);
    }

    public static LimitStatus ReadStatus(ref MessagePackReader reader)
    {
        Pack.Array(ref reader, StatusFields, "limit status");
        return new LimitStatus
        {
            Configured = ReadLimits(ref reader),
            InForce = ReadLimits(ref reader),
            Hours = Pack.TextOrNil(ref reader, "hours", MaxHours),
            Changed = ReadNames(ref reader),
            IsBackground = reader.ReadBoolean(),
            SiteDownShare = ReadRate(ref reader),
            SiteUpShare = ReadRate(ref reader),
            SiteFetchers = Pack.Int(ref reader, "site fetchers", 0, int.MaxValue),
            WindowBytes = ReadRate(ref reader),
            QueueMilliseconds = ReadMilliseconds(ref reader),
        };
    }

    private static void Write(ref MessagePackWriter writer, TransferLimits limits)
    {
        writer.WriteArrayHeader(LimitNames.All.Count);
        foreach (var name in LimitNames.All)
            Write(ref writer, LimitNames.Get(limits, name));
    }

    private static TransferLimits ReadLimits(ref MessagePackReader reader)
    {
        Pack.Array(ref reader, LimitNames.All.Count, "limits");
        var limits = TransferLimits.None;
        foreach (var name in LimitNames.All)
            limits = LimitNames.With(limits, name, ReadRate(ref reader));
        return limits;
    }

    private static LimitName[] ReadNames(ref MessagePackReader reader)
    {
        var names = new LimitName[Pack.ArrayUpTo(ref reader, LimitNames.All.Count, "limit names")];
        for (var index = 0; index < names.Length; index++)
            names[index] = ReadName(ref reader);
        return names;
    }

    private static LimitName ReadName(ref MessagePackReader reader) =>
        (LimitName)Pack.Int(ref reader, "limit name", 0, LimitNames.All.Count - 1);

    private static double ReadMilliseconds(ref MessagePackReader reader)
    {
        var value = reader.ReadDouble();
        return value is >= 0 and <= 1e9 ? value : throw new ContentException($"queue: {value}, expected milliseconds");
    }

    private static void Write(ref MessagePackWriter writer, long? rate)
    {
        if (rate is { } bytes)
            writer.Write(bytes);
        else
            writer.WriteNil();
    }

    private static long? ReadRate(ref MessagePackReader reader) => reader.TryReadNil() ? null : Pack.Count(ref reader, "rate");
}
