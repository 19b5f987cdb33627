using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>Which bytes of a torrent's files are not verified yet, and may be written. Immutable; for any thread.</summary>
public sealed class NeededStretches
{
    private readonly TorrentInfo _info;
    private readonly bool[] _verified;

    internal NeededStretches(TorrentInfo info, IEnumerable<PieceIndex> verified)
    {
        _info = info;
        _verified = new bool[info.PieceCount];
        foreach (var piece in verified)
            _verified[piece.Value] = true;
    }

    /// <summary>Any piece that the stretch lies in is not verified.</summary>
    /// <param name="file">Index of the file.</param>
    /// <param name="offset">First byte in the file.</param>
    /// <param name="length">Bytes, at least 1.</param>
    public bool Contains(int file, long offset, long length)
    {
        var first = PieceAt(file, offset);
        var last = PieceAt(file, offset + length - 1);
        for (var piece = first; piece <= last; piece++)
        {
            if (!_verified[piece])
                return true;
        }
        return false;
    }

    /// <summary>No piece that the stretch lies in is verified: all of it may be written.</summary>
    /// <inheritdoc cref="Contains"/>
    public bool ContainsAll(int file, long offset, long length)
    {
        var last = PieceAt(file, offset + length - 1);
        for (var piece = PieceAt(file, offset); piece <= last; piece++)
        {
            if (_verified[piece])
                return false;
        }
        return true;
    }

    private int PieceAt(int file, long offset) => checked((int)((_info.Files[file].Offset + offset) / _info.PieceLength));
}
