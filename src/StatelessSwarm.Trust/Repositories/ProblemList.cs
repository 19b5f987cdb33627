using StatelessSwarm.Content;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>Findings, and the turning of faults into them.</summary>
internal sealed class ProblemList
{
    private readonly List<RepositoryProblem> _found = [];

    public IReadOnlyList<RepositoryProblem> Found => _found;

    public void Add(string path, string problem)
    {
        var found = new RepositoryProblem(path, problem);
        if (!_found.Contains(found))
            _found.Add(found);
    }

    public void Try(string path, Action check) =>
        Try(
            path,
            () =>
            {
                check();
                return path;
            }
        );

    /// <summary>The value, or null and a finding.</summary>
    public T? Try<T>(string path, Func<T> check)
        where T : class
    {
        try
        {
            return check();
        }
        catch (Exception fault) when (IsFinding(fault))
        {
            Add(path, Describe(path, fault));
            return null;
        }
    }

    public async Task TryAsync(string path, Func<Task> check)
    {
        try
        {
            await check();
        }
        catch (Exception fault) when (IsFinding(fault))
        {
            Add(path, Describe(path, fault));
        }
    }

    private static bool IsFinding(Exception fault) =>
        fault is TrustException or ContentException or IOException or UnauthorizedAccessException;

    private static string Describe(string path, Exception fault) =>
        fault switch
        {
            FileNotFoundException or DirectoryNotFoundException => "missing.",
            _ when fault.Message.StartsWith(path + ": ", StringComparison.Ordinal) => fault.Message[(path.Length + 2)..],
            _ => fault.Message,
        };
}
