using System.Net.Sockets;

namespace StatelessSwarm.Swarm.Connections;

/// <summary>
/// Keeps what waits unsent in the kernel for a peer to about a twentieth of a second's worth. What is there can be neither cancelled nor overtaken:
/// with 128 KiB on a connection that has a small part of a slow link, a block that was cancelled still comes seconds later, and crosses the link for
/// nothing. One task.
/// </summary>
internal sealed class UnsentWatch(Socket socket, TimeProvider time)
{
    private const int Least = 16 * 1024;
    private const double Seconds = 0.05;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private long _from = time.GetTimestamp();
    private long _bytes;
    private int _limit;

    /// <summary>The limit now; 0 before the first.</summary>
    public int Limit => _limit;

    /// <summary>Sets the first limit: the least for a far peer, the most for a near one, whose first blocks must not wait for a measurement.</summary>
    public void Start(bool isFar) => Set(isFar ? Least : PeerSocket.UnsentLimit);

    /// <summary>Bytes have left.</summary>
    public void Sent(int bytes)
    {
        _bytes += bytes;
        var since = time.GetElapsedTime(_from);
        if (since < Interval)
            return;
        var wanted = (int)Math.Clamp(_bytes / since.TotalSeconds * Seconds, Least, PeerSocket.UnsentLimit);
        _from = time.GetTimestamp();
        _bytes = 0;
        // small changes are not worth a call
        if (wanted > _limit * 1.25 || wanted < _limit * 0.75)
            Set(wanted);
    }

    private void Set(int limit)
    {
        _limit = limit;
        PeerSocket.SetUnsentLimit(socket, limit);
    }
}
