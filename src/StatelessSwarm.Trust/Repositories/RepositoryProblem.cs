namespace StatelessSwarm.Trust.Repositories;

/// <summary>A finding of <see cref="Repository.CheckAsync"/>.</summary>
/// <param name="Path">Relative path in the repository.</param>
/// <param name="Problem">One line.</param>
public sealed record RepositoryProblem(string Path, string Problem);
