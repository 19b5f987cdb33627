using MessagePack;
using StatelessSwarm.Node.Faults;
using StatelessSwarm.Node.Status;

namespace StatelessSwarm.Node.Control;

/// <summary>Statuses and update records as MessagePack arrays, elements in the order of the code below; absent ones are nil.</summary>
internal static class StatusPack
{
    /// <summary>Most update records kept and told.</summary>
    public const int MaxUpdates = 32;

    private const int StatusFields = 26;
    private const int ProgressFields = 8;
    private const int UpdateFields = 11;
    private const int MaxName = 256;
    private const int MaxPath = 4096;

    public static void Write(ref MessagePackWriter writer, NodeStatus status)
    {
        writer.WriteArrayHeader(StatusFields);
        writer.Write(status.IsDaemon);
        writer.Write(status.ProcessId);
        writer.Write(status.Product);
        writer.Write(status.Channel);
        writer.Write(status.Server);
        writer.Write(status.Site);
        writer.Write(status.NodeId);
        writer.Write(status.Port);
        writer.Write((int)status.Phase);
        WriteOrNil(ref writer, status.Current);
        WriteOrNil(ref writer, status.Next);
        WriteOrNil(ref writer, status.Previous);
        WriteOrNil(ref writer, status.Held);
        if (status.Progress is { } progress)
            Write(ref writer, progress);
        else
            writer.WriteNil();
        if (status.LastFault is { } fault)
            Write(ref writer, fault);
        else
            writer.WriteNil();
        writer.Write(status.MountedRoot);
        writer.Write(status.MountedImage);
        writer.Write(status.MountNote);
        writer.Write(status.Sharing);
        writer.Write(status.Neighbours);
        writer.Write(status.SentLanBytes);
        writer.Write(status.SentWanBytes);
        writer.Write(status.ResidentBytes);
        writer.Write(status.PeakResidentBytes);
        WriteUpdates(ref writer, status.Updates);
        if (status.Limits is { } limits)
            LimitPack.Write(ref writer, limits);
        else
            writer.WriteNil();
    }

    public static NodeStatus ReadStatus(ref MessagePackReader reader)
    {
        Pack.Array(ref reader, StatusFields, "status");
        return new NodeStatus
        {
            IsDaemon = reader.ReadBoolean(),
            ProcessId = Pack.Int(ref reader, "process id", 0, int.MaxValue),
            Product = Pack.Text(ref reader, "product", MaxName),
            Channel = Pack.Text(ref reader, "channel", MaxName),
            Server = Pack.Text(ref reader, "server", MaxPath),
            Site = Pack.Text(ref reader, "site", MaxName),
            NodeId = Pack.Text(ref reader, "node id", MaxName),
            Port = Pack.Int(ref reader, "port", 0, ushort.MaxValue),
            Phase = (UpdatePhase)Pack.Int(ref reader, "phase", 0, (int)UpdatePhase.Failed),
            Current = reader.TryReadNil() ? null : ReadSlot(ref reader),
            Next = reader.TryReadNil() ? null : ReadSlot(ref reader),
            Previous = reader.TryReadNil() ? null : ReadSlot(ref reader),
            Held = reader.TryReadNil() ? null : ReadSlot(ref reader),
            Progress = reader.TryReadNil() ? null : ReadProgress(ref reader),
            LastFault = reader.TryReadNil() ? null : ReadFault(ref reader),
            MountedRoot = Pack.TextOrNil(ref reader, "mounted root", MaxPath),
            MountedImage = Pack.TextOrNil(ref reader, "mounted image", MaxPath),
            MountNote = Pack.TextOrNil(ref reader, "mount note", MaxPath),
            Sharing = Pack.Int(ref reader, "sharing", 0, int.MaxValue),
            Neighbours = Pack.Int(ref reader, "neighbours", 0, int.MaxValue),
            SentLanBytes = Pack.Count(ref reader, "sent lan"),
            SentWanBytes = Pack.Count(ref reader, "sent wan"),
            ResidentBytes = Pack.Count(ref reader, "resident bytes"),
            PeakResidentBytes = Pack.Count(ref reader, "peak resident bytes"),
            Updates = ReadUpdates(ref reader),
            Limits = reader.TryReadNil() ? null : LimitPack.ReadStatus(ref reader),
        };
    }

    public static void Write(ref MessagePackWriter writer, SlotRelease release)
    {
        writer.WriteArrayHeader(3);
        writer.Write(release.Digest.AsSpan());
        writer.Write(release.Version);
        writer.Write(release.Build);
    }

    public static SlotRelease ReadSlot(ref MessagePackReader reader)
    {
        Pack.Array(ref reader, 3, "release");
        return new SlotRelease(
            Pack.Digest(ref reader, "release digest"),
            Pack.Text(ref reader, "release version", MaxName),
            Pack.Count(ref reader, "release build")
        );
    }

    public static void Write(ref MessagePackWriter writer, Fault fault)
    {
        writer.WriteArrayHeader(2);
        writer.Write((int)fault.Kind);
        writer.Write(fault.Line);
    }

    public static Fault ReadFault(ref MessagePackReader reader)
    {
        Pack.Array(ref reader, 2, "fault");
        var kind = (FaultKind)Pack.Int(ref reader, "fault kind", 1, (int)FaultKind.Unreachable);
        return new Fault(kind, Pack.Text(ref reader, "fault line", MaxPath));
    }

    public static void WriteUpdates(ref MessagePackWriter writer, IReadOnlyList<UpdateRecord> updates)
    {
        writer.WriteArrayHeader(updates.Count);
        foreach (var update in updates)
        {
            writer.WriteArrayHeader(UpdateFields);
            writer.Write(update.Digest.AsSpan());
            writer.Write(update.Version);
            writer.Write(update.Build);
            writer.Write(update.TotalBytes);
            Write(ref writer, update.Sources);
            writer.Write(update.WastedBytes);
            writer.Write(update.StartedUnixMilliseconds);
            writer.Write(update.FinishedUnixMilliseconds);
            writer.Write(update.DownloadMilliseconds);
            writer.Write(update.VerifyMilliseconds);
            writer.Write(update.TotalMilliseconds);
        }
    }

    public static IReadOnlyList<UpdateRecord> ReadUpdates(ref MessagePackReader reader)
    {
        var updates = new UpdateRecord[Pack.ArrayUpTo(ref reader, MaxUpdates, "updates")];
        for (var index = 0; index < updates.Length; index++)
        {
            Pack.Array(ref reader, UpdateFields, "update");
            updates[index] = new UpdateRecord
            {
                Digest = Pack.Digest(ref reader, "update digest"),
                Version = Pack.Text(ref reader, "update version", MaxName),
                Build = Pack.Count(ref reader, "update build"),
                TotalBytes = Pack.Count(ref reader, "update bytes"),
                Sources = ReadSources(ref reader),
                WastedBytes = Pack.Count(ref reader, "update waste"),
                StartedUnixMilliseconds = Pack.Count(ref reader, "update start"),
                FinishedUnixMilliseconds = Pack.Count(ref reader, "update finish"),
                DownloadMilliseconds = Pack.Count(ref reader, "update download"),
                VerifyMilliseconds = Pack.Count(ref reader, "update verify"),
                TotalMilliseconds = Pack.Count(ref reader, "update total"),
            };
        }
        return updates;
    }

    private static void WriteOrNil(ref MessagePackWriter writer, SlotRelease? release)
    {
        if (release is null)
            writer.WriteNil();
        else
            Write(ref writer, release);
    }

    private static void Write(ref MessagePackWriter writer, TransferProgress progress)
    {
        writer.WriteArrayHeader(ProgressFields);
        writer.Write(progress.Digest.AsSpan());
        writer.Write(progress.Version);
        writer.Write(progress.DoneBytes);
        writer.Write(progress.TotalBytes);
        Write(ref writer, progress.Sources);
        writer.Write(progress.WastedBytes);
        writer.Write(progress.Peers);
        writer.Write(progress.Seeds);
    }

    private static TransferProgress ReadProgress(ref MessagePackReader reader)
    {
        Pack.Array(ref reader, ProgressFields, "progress");
        return new TransferProgress(
            Pack.Digest(ref reader, "progress digest"),
            Pack.Text(ref reader, "progress version", MaxName),
            Pack.Count(ref reader, "progress done"),
            Pack.Count(ref reader, "progress total"),
            ReadSources(ref reader),
            Pack.Count(ref reader, "progress waste"),
            Pack.Int(ref reader, "progress peers", 0, int.MaxValue),
            Pack.Int(ref reader, "progress seeds", 0, int.MaxValue)
        );
    }

    private static void Write(ref MessagePackWriter writer, SourceBytes sources)
    {
        writer.WriteArrayHeader(4);
        writer.Write(sources.Disk);
        writer.Write(sources.Lan);
        writer.Write(sources.Wan);
        writer.Write(sources.Http);
    }

    private static SourceBytes ReadSources(ref MessagePackReader reader)
    {
        Pack.Array(ref reader, 4, "sources");
        return new SourceBytes(
            Pack.Count(ref reader, "disk bytes"),
            Pack.Count(ref reader, "lan bytes"),
            Pack.Count(ref reader, "wan bytes"),
            Pack.Count(ref reader, "http bytes")
        );
    }
}
