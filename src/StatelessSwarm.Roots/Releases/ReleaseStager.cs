using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Content.Verity;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Files;
using StatelessSwarm.Roots.Storage;

namespace StatelessSwarm.Roots.Releases;

/// <summary>
/// Makes a staging directory: room is asked for first, then taken (fallocate), then manifest and metainfo are written and
/// fsynced. What an earlier try left is used again; what this try made is removed when the room is not there after all.
/// </summary>
internal sealed class ReleaseStager(StateLayout layout, IStateFileSystem files)
{
    /// <summary>Allocation unit assumed for rounding up, bytes.</summary>
    private const long AllocationUnit = 4096;

    /// <summary>Room kept for directories, extents, the resume journal and the slots' links, bytes: 256 KiB, a choice.</summary>
    internal const long OverheadBytes = 256 * 1024;

    /// <summary>Directory, manifest, metainfo, verity tree, journal, their temporary names, three links and a record.</summary>
    private const long OverheadInodes = 13;

    internal StoredRelease Stage(
        Sha256Digest digest,
        ReleaseManifest manifest,
        ReadOnlyMemory<byte> manifestEnvelope,
        ReadOnlyMemory<byte> torrent
    )
    {
        ReleaseReader.CheckNames(manifest);
        var staged = new StoredRelease(digest, layout.StagingOf(digest), manifest);
        var needed = CheckRoom(staged, manifestEnvelope.Length, torrent.Length);
        var isNew = !Directory.Exists(staged.Directory);
        var made = new List<string>();
        try
        {
            files.CreateDirectory(staged.Directory);
            foreach (var file in manifest.Files)
                Reserve(staged.PathOf(file), file.Length, made);
            Write(staged.ManifestPath, manifestEnvelope.Span);
            Write(staged.TorrentPath, torrent.Span);
            files.SyncDirectory(staged.Directory);
            files.SyncDirectory(layout.Staging);
        }
        catch (IOException fault) when (IsNoSpace(fault))
        {
            if (isNew)
                files.RemoveTree(staged.Directory);
            else
                made.ForEach(files.Remove);
            throw new NoRoomException(layout.State, needed, FileSystemRoom.Of(layout.State).AvailableBytes);
        }
        return staged;
    }

    internal void WriteChunkMap(StoredRelease release, ReadOnlySpan<byte> map, ReadOnlySpan<byte> torrent)
    {
        WriteChunkMapTorrent(release, torrent);
        Write(release.ChunkMapPath, map);
        files.SyncDirectory(release.Directory);
    }

    internal void WriteChunkMapTorrent(StoredRelease release, ReadOnlySpan<byte> torrent) => Write(release.ChunkMapTorrentPath, torrent);

    internal (long Needed, long Available) RoomFor(StoredRelease staged, long envelopeBytes, long torrentBytes) =>
        (Needed(staged, envelopeBytes, torrentBytes), FileSystemRoom.Of(layout.State).AvailableBytes);

    private static long Needed(StoredRelease staged, long envelopeBytes, long torrentBytes)
    {
        var needed = OverheadBytes + RoundUp(envelopeBytes) + RoundUp(torrentBytes) + VerityTreeBuilder.TreeBytes(staged.Manifest.Root.Length);
        foreach (var file in staged.Manifest.Files)
        {
            var held = FileFacts.Of(staged.PathOf(file))?.AllocatedBytes ?? 0;
            needed = SaturatingAdd(needed, Math.Max(0, RoundUp(file.Length) - held));
        }
        return needed;
    }

    private long CheckRoom(StoredRelease staged, long envelopeBytes, long torrentBytes)
    {
        var room = FileSystemRoom.Of(layout.State);
        var needed = Needed(staged, envelopeBytes, torrentBytes);
        if (room.AvailableBytes < needed)
            throw new NoRoomException(layout.State, needed, room.AvailableBytes);
        if (room.AvailableInodes < staged.Manifest.Files.Count + OverheadInodes)
            throw new IOException($"{layout.State}: {room.AvailableInodes} inodes available, too few for a release");
        return needed;
    }

    private void Reserve(string path, long length, List<string> made)
    {
        if (!File.Exists(path))
            made.Add(path);
        else
            files.SetReadOnly(path, isReadOnly: false);
        files.Preallocate(path, length);
    }

    private void Write(string path, ReadOnlySpan<byte> bytes)
    {
        if (IsWritten(path, bytes))
            return;
        var temporary = path + ReleaseReader.TemporarySuffix;
        files.WriteFile(temporary, bytes);
        files.SyncData(temporary);
        files.Rename(temporary, path);
    }

    private static bool IsWritten(string path, ReadOnlySpan<byte> bytes)
    {
        var file = new FileInfo(path);
        return file.Exists && file.Length == bytes.Length && File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes);
    }

    private static bool IsNoSpace(IOException fault) =>
        fault is PlatformException { IsNoSpace: true }
        || fault.HResult is (int)Errno.ENOSPC or (int)Errno.EDQUOT;

    private static long RoundUp(long bytes) =>
        bytes > long.MaxValue - AllocationUnit ? long.MaxValue : (bytes + AllocationUnit - 1) / AllocationUnit * AllocationUnit;

    private static long SaturatingAdd(long left, long right) => left > long.MaxValue - right ? long.MaxValue : left + right;
}
