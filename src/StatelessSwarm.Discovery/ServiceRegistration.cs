namespace StatelessSwarm.Discovery;

/// <summary>A service being announced; disposing it says goodbye (TTL 0).</summary>
public sealed partial class ServiceRegistration : IAsyncDisposable
{
    private readonly MulticastDns _owner;
    private readonly int _key;
    private volatile string _instance;

    internal ServiceRegistration(MulticastDns owner, int key, string instance)
    {
        _owner = owner;
        _key = key;
        _instance = instance;
    }

    /// <summary>The instance label in use, after conflicts.</summary>
    public string Instance
    {
        get => _instance;
        internal set => _instance = value;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _owner.UnregisterAsync(_key);
}
