using MessagePack;
using StatelessSwarm.Node.Updating;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Node.Control;

/// <summary>
/// Plans and clean-ups as MessagePack: <c>[release, is in place, total, fetch, [[version, bytes] ...], note, room needed, room available]</c>
/// and <c>[[digest, is staged, bytes] ...]</c>.
/// </summary>
internal static class PlanPack
{
    private const int PlanFields = 8;
    private const int MaxReused = 64;
    private const int MaxNote = 4096;
    private const int MaxVersion = 256;
    private const int MaxCollected = 4096;

    public static void Write(ref MessagePackWriter writer, UpdatePlan plan)
    {
        writer.WriteArrayHeader(PlanFields);
        StatusPack.Write(ref writer, plan.Release);
        writer.Write(plan.IsInPlace);
        writer.Write(plan.TotalBytes);
        writer.Write(plan.FetchBytes);
        writer.WriteArrayHeader(plan.Reused.Count);
        foreach (var part in plan.Reused)
        {
            writer.WriteArrayHeader(2);
            writer.Write(part.Version);
            writer.Write(part.Bytes);
        }
        writer.Write(plan.Note);
        writer.Write(plan.RoomNeeded);
        writer.Write(plan.RoomAvailable);
    }

    public static UpdatePlan ReadPlan(ref MessagePackReader reader)
    {
        Pack.Array(ref reader, PlanFields, "plan");
        return new UpdatePlan
        {
            Release = StatusPack.ReadSlot(ref reader),
            IsInPlace = reader.ReadBoolean(),
            TotalBytes = Pack.Count(ref reader, "total"),
            FetchBytes = Pack.Count(ref reader, "fetch"),
            Reused = ReadReused(ref reader),
            Note = Pack.Text(ref reader, "note", MaxNote),
            RoomNeeded = Pack.Count(ref reader, "room needed"),
            RoomAvailable = Pack.Count(ref reader, "room available"),
        };
    }

    public static void Write(ref MessagePackWriter writer, CollectResult collected)
    {
        var releases = collected.Releases.Take(MaxCollected).ToList();
        writer.WriteArrayHeader(releases.Count);
        foreach (var release in releases)
        {
            writer.WriteArrayHeader(3);
            writer.Write(release.Digest.AsSpan());
            writer.Write(release.IsStaged);
            writer.Write(release.Bytes);
        }
    }

    public static CollectResult ReadCollected(ref MessagePackReader reader)
    {
        var releases = new CollectableRelease[Pack.ArrayUpTo(ref reader, MaxCollected, "collected")];
        for (var index = 0; index < releases.Length; index++)
        {
            Pack.Array(ref reader, 3, "collected release");
            var digest = Pack.Digest(ref reader, "digest");
            var isStaged = reader.ReadBoolean();
            releases[index] = new CollectableRelease(digest, isStaged, Pack.Count(ref reader, "bytes"));
        }
        return new CollectResult(releases);
    }

    private static PlannedReuse[] ReadReused(ref MessagePackReader reader)
    {
        var parts = new PlannedReuse[Pack.ArrayUpTo(ref reader, MaxReused, "reused")];
        for (var index = 0; index < parts.Length; index++)
        {
            Pack.Array(ref reader, 2, "reused part");
            var version = Pack.Text(ref reader, "version", MaxVersion);
            parts[index] = new PlannedReuse(version, Pack.Count(ref reader, "bytes"));
        }
        return parts;
    }
}
