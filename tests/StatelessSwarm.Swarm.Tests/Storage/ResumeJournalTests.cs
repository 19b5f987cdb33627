using StatelessSwarm.Content.Values;
using StatelessSwarm.Swarm.Storage;

namespace StatelessSwarm.Swarm.Tests.Storage;

public sealed class ResumeJournalTests : IDisposable
{
    private const int PieceCount = 100;
    private static readonly Sha256Digest Torrent = Sha256Digest.HashData("torrent"u8);
    private static readonly byte[] ThisBoot = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
    private static readonly byte[] LastBoot = [.. Enumerable.Range(2, 16).Select(i => (byte)i)];
    private readonly string _directory = Directory.CreateTempSubdirectory("ss-journal-").FullName;

    private string JournalPath => Path.Combine(_directory, "resume");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Open_SameBoot_ReturnsWhatWasAppended()
    {
        Write(ThisBoot, 7, 3, 99, 7);
        Assert.Equal([3, 7, 99], Read(ThisBoot, out var isSameBoot));
        Assert.True(isSameBoot);
        Assert.Equal([3, 7, 99], Read(ThisBoot, out _));
    }

    [Fact]
    public void Open_AfterReboot_ReturnsHintsOnceAndForgetsThem()
    {
        Write(LastBoot, 1, 2);
        Assert.Equal([1, 2], Read(ThisBoot, out var isSameBoot));
        Assert.False(isSameBoot);
        // The caller hashes the hints and appends those that hold; until it does, nothing is claimed for this boot.
        Assert.Empty(Read(ThisBoot, out isSameBoot));
        Assert.True(isSameBoot);
    }

    [Fact]
    public void Open_AfterDistrust_ReturnsHints()
    {
        Write(ThisBoot, 1, 2);
        ResumeJournal.Distrust(JournalPath);
        Assert.Equal([1, 2], Read(ThisBoot, out var isSameBoot));
        Assert.False(isSameBoot);
    }

    [Fact]
    public void Distrust_NoJournal_IsNoFault() => ResumeJournal.Distrust(JournalPath);

    [Fact]
    public void Open_OtherTorrent_StartsAnew()
    {
        Write(ThisBoot, 1);
        using var journal = ResumeJournal.Open(
            JournalPath,
            Sha256Digest.HashData("other"u8),
            ThisBoot,
            PieceCount,
            out var recorded,
            out _
        );
        Assert.Empty(recorded);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(55)]
    [InlineData(57)]
    [InlineData(59)]
    public void Open_TornFile_KeepsOnlyWholeRecords(int length)
    {
        Write(ThisBoot, 5);
        using (var file = File.OpenWrite(JournalPath))
            file.SetLength(length);
        Assert.Empty(Read(ThisBoot, out _));
    }

    [Fact]
    public void Open_IndexesOutsideTheTorrent_AreIgnored()
    {
        Write(ThisBoot, 5);
        using (var file = File.OpenWrite(JournalPath))
        {
            file.Seek(0, SeekOrigin.End);
            file.Write([100, 0, 0, 0, 255, 255, 255, 255, 6, 0, 0, 0]);
        }
        Assert.Equal([5, 6], Read(ThisBoot, out _));
    }

    [Fact]
    public void Open_FileLongerThanAnyJournal_IsNotRead()
    {
        Write(ThisBoot, 5);
        using (var file = File.OpenWrite(JournalPath))
            file.SetLength(1L << 32);
        Assert.Empty(Read(ThisBoot, out _));
    }

    private void Write(byte[] boot, params int[] pieces)
    {
        using var journal = ResumeJournal.Open(JournalPath, Torrent, boot, PieceCount, out _, out _);
        foreach (var piece in pieces)
            journal.Append(new PieceIndex(piece));
    }

    private int[] Read(byte[] boot, out bool isSameBoot)
    {
        using var journal = ResumeJournal.Open(
            JournalPath,
            Torrent,
            boot,
            PieceCount,
            out var recorded,
            out isSameBoot
        );
        return [.. recorded.Select(piece => piece.Value)];
    }
}
