using System.Net.Sockets;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Swarm.Connections;

namespace StatelessSwarm.Swarm.Limits;

/// <summary>
/// Carries between the kernel, the node's budget and the upload budget of the WAN link: what TCP says of every connection over it goes
/// in, the rate at which we may send comes out. Looks twenty times a second while anything moves, four times otherwise.
/// </summary>
internal sealed class WanPacer : IAsyncDisposable
{
    private static readonly TimeSpan BusyInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan IdleInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Bytes acknowledged between two looks from which on a connection counts as one we send on.</summary>
    private const int SendingBytes = 4096;

    private readonly NodeBudget _budget;
    private readonly ByteBudget _upload;
    private readonly bool _isNeeded;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Watched> _sockets = [];
    private readonly List<PathSample> _downloads = [];
    private readonly List<PathSample> _uploads = [];
    private readonly ITimer _timer;
    private int _lastPath;
    private long _taken;
    private long _inFlight;
    private long _acknowledged;
    private bool _isDisposed;

    public WanPacer(NodeBudget budget, ByteBudget upload, TimeProvider time)
    {
        _budget = budget;
        _upload = upload;
        _isNeeded = budget.IsBackground;
        _timer = time.CreateTimer(static pacer => ((WanPacer)pacer!).Look(), this, IdleInterval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Sets a connection over the WAN link up to give way, and watches it until it is closed.</summary>
    public void Add(Socket socket)
    {
        if (!_isNeeded)
            return;
        PeerSocket.SetLowerEffort(socket);
        lock (_gate)
            _sockets.Add(++_lastPath, new Watched(socket));
    }

    /// <summary>A connection has turned out to stay within the site: it need not give way.</summary>
    public void Remove(Socket socket)
    {
        lock (_gate)
        {
            foreach (var (path, watched) in _sockets)
            {
                if (watched.Socket != socket)
                    continue;
                _sockets.Remove(path);
                PeerSocket.SetOrdinary(socket);
                return;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
            _isDisposed = true;
        return _timer.DisposeAsync();
    }

    private void Look()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            ReadSockets();
            _budget.MeasureDownloads(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_downloads));
            _budget.MeasureUploads(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_uploads), _inFlight, _acknowledged);
            var taken = _upload.Taken;
            _budget.Uploaded(taken - _taken, _upload.IsHeldBack);
            _taken = taken;
            _upload.BytesPerSecond = _budget.WanUpRate is { } rate ? (long)rate : null;
            var isBusy = _uploads.Count > 0 || _upload.IsHeldBack || _budget.HasFarTraffic;
            _timer.Change(isBusy ? BusyInterval : IdleInterval, Timeout.InfiniteTimeSpan);
        }
    }

    private void ReadSockets()
    {
        _downloads.Clear();
        _uploads.Clear();
        _inFlight = 0;
        _acknowledged = 0;
        foreach (var (path, watched) in _sockets)
        {
            if (TcpInfo.TryRead(watched.Socket) is not { } info)
            {
                _sockets.Remove(path);
                continue;
            }
            var sample = new PathSample(path, info.SmoothedMicroseconds, info.LeastMicroseconds, info.Deliveries);
            var sent = info.AcknowledgedBytes - watched.Acknowledged;
            var received = info.ReceivedBytes - watched.Received;
            watched.Acknowledged = info.AcknowledgedBytes;
            watched.Received = info.ReceivedBytes;
            _inFlight += info.InFlightBytes;
            _acknowledged += sent;
            // What we send fills another queue than what we receive; a connection that does one alone says nothing of the other.
            _downloads.Add(sample with { IsIdle = received == 0 || received * 4 < sent });
            if (sent >= SendingBytes && sent * 4 >= received)
                _uploads.Add(sample);
        }
    }

    private sealed class Watched(Socket socket)
    {
        public Socket Socket => socket;

        public long Acknowledged { get; set; }

        public long Received { get; set; }
    }
}
