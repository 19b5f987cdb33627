using StatelessSwarm.Swarm.Storage;

namespace StatelessSwarm.Fuzz.Targets;

/// <summary>
/// <see cref="ResumeJournal"/>: a file of any bytes opens; what it records are pieces of the torrent, ascending, and the journal that was
/// written in its place records the same.
/// </summary>
internal sealed class ResumeJournalTarget : FuzzTarget
{
    private const int PieceCount = 200;
    private static readonly byte[] BootId = [.. Enumerable.Range(1, 16).Select(value => (byte)value)];
    private readonly Lazy<string> _folder = new(MakeFolder);

    public override string Name => "resume-journal";

    public override int MaxInput => 2048;

    public override IReadOnlyList<byte[]> Words => [.. WordsOf("SSJRNL01"), BootId, [0xff, 0xff, 0xff, 0xff], [199, 0, 0, 0], [200, 0, 0, 0]];

    public override void Run(ReadOnlySpan<byte> input)
    {
        var path = Path.Combine(_folder.Value, "journal");
        File.WriteAllBytes(path, input);
        var first = Open(path, out var isSameBoot);
        Require(first.All(piece => piece is >= 0 and < PieceCount), "pieces of the torrent");
        Require(first.Zip(first.Skip(1)).All(pair => pair.First < pair.Second), "ascending");
        var second = Open(path, out _);
        Require(second.SequenceEqual(isSameBoot ? first : []), "what is written in its place is the same");
    }

    public override IEnumerable<(string Name, byte[] Bytes)> Seeds()
    {
        var path = Path.Combine(_folder.Value, "seed");
        using (var journal = ResumeJournal.Open(path, ManifestTarget.Digest(3), BootId, PieceCount, out _, out _))
        {
            foreach (var piece in new[] { 0, 7, 199 })
                journal.Append(new Content.Values.PieceIndex(piece));
        }
        yield return ("three", File.ReadAllBytes(path));
        File.Delete(path);
    }

    private static string MakeFolder()
    {
        // In memory where there is such a place: a thousand renames a second are too many for a disk.
        const string memory = "/dev/shm";
        var folder = Directory.Exists(memory)
            ? Directory.CreateDirectory(Path.Combine(memory, $"ss-fuzz-{Guid.NewGuid():N}")).FullName
            : Directory.CreateTempSubdirectory("ss-fuzz-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }

    private static int[] Open(string path, out bool isSameBoot)
    {
        using var journal = ResumeJournal.Open(path, ManifestTarget.Digest(3), BootId, PieceCount, out var recorded, out isSameBoot);
        return [.. recorded.Select(piece => piece.Value)];
    }
}
